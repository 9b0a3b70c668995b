"""Recordings handed to those whom they concern: found by person, decided one by one, muted, built, handed over.

cases      a release in the catalogue: what was found, decided, muted, built, handed
sound      the delivered audio: a copy, silence over what is muted, an mp3; what is heard when
picture    the waveform, for a terminal and as PNG
plan       what goes into a build and what is left out, each with its reason: pure
manifest   what is in a build, with the SHA-256 of each file
cover      the page for the reader, HTML and PDF
build      one folder made of all that; resumable
building   builds in the background, and what is removed when
desk       collecting and deciding, over the control socket
handing    building, fetching, handing over, over the control socket
"""
