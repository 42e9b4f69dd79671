"""What a resident reads about the person who looks after her. Plain, short, kind."""

from __future__ import annotations

CLOSED = "工作人员这边说完了，接下来还是我小顶陪您。还有事随时说，要找真人就说“人工”。"
CLOSED_UNTAKEN = "您找工作人员的事已经处理好了。还有别的事随时跟我说，要找真人就说“人工”。"


def taken(display_name: str) -> str:
    """Say who has come."""
    return f"我是工作人员{display_name}，前面您说的我都看到了，您接着说就行。"
