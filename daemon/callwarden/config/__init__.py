"""The configuration: one TOML file, typed, frozen, and checked as a whole before anything starts.

settings.py     every option, its default and its reason; large subjects have a module of their own
section.py      what a section is made of
kinds.py        the kinds of value an option may have
checks.py       what two options say together
doubts.py       what is allowed and yet worth a second look
credentials.py  the secrets, from the environment, systemd or the file
problems.py     what is wrong, in sentences
load.py         file -> Settings, or every problem at once
reasons.py      why each option is as it is
sample.py       Settings -> a commented file
"""

from callwarden.config.doubts import doubts
from callwarden.config.load import load, settings_from
from callwarden.config.problems import ConfigError, Problem
from callwarden.config.sample import sample
from callwarden.config.settings import CardLine, Did, Settings
from callwarden.core.period import Period

__all__ = [
    "CardLine",
    "ConfigError",
    "Did",
    "Period",
    "Problem",
    "Settings",
    "doubts",
    "load",
    "sample",
    "settings_from",
]
