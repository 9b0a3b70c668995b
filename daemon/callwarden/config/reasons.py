"""Why each option is as it is: the text below it where it is declared.

Read from the source when the sample file is made. pydantic would do it whenever the program is started
(`use_attribute_docstrings`), which takes a tenth of a second of CPU that calls wait for.
"""

import ast
import inspect
import itertools
import textwrap

from callwarden.config.section import Section


def reasons(section: type[Section]) -> dict[str, str]:
    """The text of every option that has one."""
    declared = ast.parse(textwrap.dedent(inspect.getsource(section))).body[0]
    assert isinstance(declared, ast.ClassDef)
    found: dict[str, str] = {}
    for option, below in itertools.pairwise(declared.body):
        match option, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
    return found
