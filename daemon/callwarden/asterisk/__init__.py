"""The edges to Asterisk: they know its words and nothing of the policy.

ami      the link to the manager interface: events in, actions out, replies as futures
         (session: one connection, panoramisk guarded · framing: bytes to messages · wire: one message)
agi      the FastAGI server: the steps that a call waits for
         (port: what listens · connection: one socket · step: one call's conversation with us)
ari      the REST client: whispers to one party in the middle of a call
"""
