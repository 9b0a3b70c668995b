"""What `callwarden check` looks at: the configuration, this machine, and the live Asterisk.

finding     one thing: how bad, what about, a sentence, what to do
places      spool, vault, catalogue, disks (who: may this user do that with this file)
daemon      does it run, are its port and socket its own, does the dialplan look for it there
pbx         looks at Asterisk by AMI; judged by versions, manager, dialplan, recorders
ari         the whispers' interface; prompts: built, and known to Asterisk

examine     all of it; and what makes running pointless, for `callwarden run`
"""
