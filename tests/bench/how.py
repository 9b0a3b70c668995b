"""How each part is measured, in words, for the page."""

COMMON = """\
Two Asterisks on one machine: the PBX that Callwarden is beside, and the world around it, with a hundred desks and as
many callers outside; real SIP, real G.711, every party sends a tone. Callwarden runs as `callwarden init` installs it,
every channel recorded, log level `info`; nothing is announced except where it says so. All of it shares the cores, so
the times hold for a machine as busy as this.
"""
SPEED = """\
* **The card gate** is read off the packets on loopback, with the kernel's times: from the first packet of Asterisk's
  FastAGI request to the packet with `clear`, and from the connection that `AGI()` opens to the INVITE to the card
  line's telephone. A transfer is a SIP REFER of a recorded call to the card line: one recorder to stop. A consultation
  is a second call of the same telephone to it: three channels, one of which has a recorder that is only just starting.
* **Newchannel to recording** is the time between Asterisk's own `Newchannel` and `MixMonitorStart` events, as another
  manager connection than Callwarden's sees them. The catalogue's figure ends with Asterisk's reply instead, by the
  daemon's clock.
* **Missed at the answer**: every party's sound begins, in its first packet, with 200 ms of a tone of its own. What a
  recording in the vault lacks of those is missed. It is exact to 0.1 ms, and a packet is 20 ms. A telephone that
  answers the moment it is rung (here within 5 to 20 ms of its channel's beginning) is quicker than any hand.
* **CPU and memory** are `/proc/PID/stat` and `smaps_rollup`, at rest while the calls talk. A call's own cost is that of
  short calls one after another, from the first ring until both recordings are in the vault.
"""
LOAD = """\
* **The ways**: `MixMonitor()` as people write it into their dialplan, on one channel or on each, against Callwarden;
  the same office, calls and telephones. Asterisk runs as Debian's unit runs it (`asterisk -p`).
* **A level** is so many calls, set up at 20 a second, that talk together for some seconds and end at 20 a second. It
  is held when every call is answered and every recording has its caller's sound from the answer to the end; one that
  is not is tried once more, whichever way it is, for where the machine is full chance decides. The number is raised
  until a level is held at neither try. All of it, the world included, shares the machine. One call was there
  before, for what every program reads in at its first one.
* **CPU a call** is that of the whole level, from the first ring to the last recording in its place, over its calls: a
  call here lasts some 20 s, a usual one ten times as long, and only the talk of that costs more.
* **Missed at the start**: Asterisk's MixMonitor drops the first frame of one party when the other's first comes before
  its thread has taken that (`audiohook.c`: a direction that was silent for 100 ms flushes both). It happens to any
  MixMonitor, one frame of 20 ms in a thousand calls or so: of 1,675 calls of Callwarden's, two recordings each, one
  recording lacked a frame; of 1,050 recorded from the dialplan two did. With Callwarden it is told whether the
  recorder began too late, which is Callwarden's own doing.
* **The card line**: some of the calls are sent there by REFER and come back. From the REFER to the INVITE to its
  telephone the caller waits. The dialplan by hand stops the caller's own recorder, and nothing proves it.
"""
EVENTS = """\
* The bytes on the daemon's own manager connection are taken off the wire while real calls come and go; each layer then
  reads them again and again, and its best time of CPU counts. The core is measured with whole calls, 100 standing, with
  everything that the other side answers.
* **Asterisk's busiest second**: many calls begin at the same moment, and end at the same moment.
"""
YEARS = """\
* The catalogue is made by SQL with the product's schema, numbers in several spellings, two recordings a call, over 203
  days: a tenth of it is due. The files of what is due are there, 4 kB each.
* Everything is done as its users do it: `callwarden purge` in a process of its own, `find -type f -delete` on a
  copy of the same tree, searches by the product's search on a connection that reads only, while calls stand. `find`
  deletes one half before the purge, the other after it, with the same calls and gates: the disk is not the same twice.
* **Start** is from the start of the process to the `READY=1` that systemd waits for: then every call is looked after.
  Its modules are compiled, as an installed package's are.
* The long recording is one that the dialplan made while the daemon was down: taken in, joined, hashed, moved.
"""
GROWTH = """\
* Calls are replayed into the core, with everything that Asterisk would answer, at once; only deciding is counted (its
  thread's CPU). So many calls stand, and for each that begins the eldest ends.
"""
HOW = {"speed": SPEED, "load": LOAD, "events": EVENTS, "years": YEARS, "growth": GROWTH}
PROFILES = """\
## The three most expensive paths

By py-spy and the kernel's own accounts of each thread, each-channel recording, log level `info`.

1. **A call, from its ring to the vault: some 9 ms of CPU, whatever its length; it was 16, then 11.** The event loop 5
   ms, the catalogue's writer 2 ms, joining, hashing and storing two recordings 2 ms. Of the loop's time nine tenths are
   Python's own, on cold caches (the same decisions take a tenth of that in a row): each of some 25 turns a call costs
   55 us before anything is done in it, each read of AMI 0.19 ms with all that follows from it. Done: channels that end
   in the same half second are finished together, up to twenty recordings in one transaction, and a day's directory is
   walked to once for them; an event is handled in the turn that read it, and so is a reply; the writer is woken by the
   first fact of a batch, not by each; facts are written in batches of 50 ms, two states of one thing once, and wait for
   the disk once a second (a commit that waits takes 0.18 ms, one that does not 0.04); layouts of AMI messages are
   judged once; a recording's file is looked at when it can have grown; what inotify tells is read as it is; a FastAGI
   connection is taken with its request in one turn, and with Python 3.12 its step is begun there too; the states of a
   ringing channel, how a dial ended and when a bridge comes and goes are not asked for; what became of a recording is
   written once, with its file; what is done twice a second is done by one timer; events and facts are made as quickly
   as plain objects; a number is parsed only when it ends as a card line's does; the writer looks for a row's parents
   only where SQLite misses one, looks through a call only when what it is searched by has changed, and does not set
   columns that are indexed and the same. Tried and left: uvloop (0.1 ms), the heap in large pages, SQLite's
   checkpoints, secure_delete and foreign keys, a larger part of a batch for the finishing thread, files of the vault
   without a name until they are whole (O_TMPFILE), one wait for the disk for all files of a batch, smaller pages in the
   catalogue, not trying to change a row before it is inserted (nothing each). Tried and taken back: batches of 100 ms
   (0.4 ms less, but a killed daemon loses twice as much). Of 50 calls of 16 s, of which ten are sent to the card line
   and back: 3.3 ms a call until it is answered, 0.4 while it talks, 2 for its share of the ten (10 ms each), 3.2 from
   the hang-up to the vault. Left: Asterisk's events told in fewer pieces (each wakes the loop by itself). While calls
   talk the daemon costs next to nothing, so its share falls with a call's length.
2. **The card gate: it was 10 ms with 50 calls up, nearly all of it waiting** for a CPU and for Python's interpreter
   lock. The loop runs at Asterisk's own real-time priority now, the work behind it gives way, the lock changes hands
   after 0.5 ms, and the garbage collector leaves the program itself alone (it stopped everything for 90 ms once in a
   hundred gates).
3. **A purge of 100,000 recordings: it was 17 s of CPU**, a statement for each recording and each thing that is
   forgotten. A thousand calls are a handful of statements now: 12 to 14 s, most of it SQLite's own work on its indexes,
   the deleted pages overwritten (`secure_delete`). Nearly all the rest was waiting: where a disk is told of each freed
   block (ext4 with `discard`), one unlink after the other waits for its answer. Four at a time do.
"""
