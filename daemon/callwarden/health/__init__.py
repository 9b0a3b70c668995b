"""How the daemon is, for people and for what watches it.

watching.py  all of it, from start to stop
disks.py     room for recordings, once a minute; alarms in time
lasting.py   a problem that lasts a minute is an alarm
problems.py  what is wrong now, in sentences: what `callwarden status` begins with
counting.py  what happened since the start, counted as it happens
metrics.py   how things are, gathered when Prometheus asks
serving.py   http://127.0.0.1:9473/metrics
turning.py   how late the event loop is
stuck.py     what works beside the loop and has not moved for too long
"""
