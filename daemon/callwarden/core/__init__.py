"""What is decided: pure functions and one model of the calls. No I/O, no clock, no asyncio in here."""
