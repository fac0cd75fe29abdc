"""Draft -> rulebook + findings. `pipeline.PASSES` is the table of contents."""

from rulectl.compiler.about import identity, includes, stem
from rulectl.compiler.pipeline import Compiled, compile_drafts

__all__ = ["Compiled", "compile_drafts", "identity", "includes", "stem"]
