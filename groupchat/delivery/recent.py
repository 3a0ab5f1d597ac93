"""The newest posts, in memory: they let a reader step from the journal's pages into the live stream without a gap."""

from collections import deque
from collections.abc import Sequence

from groupchat.model.drafts import Audience, StoredPost
from groupchat.model.events import Acted, Deleted, Edited, Post, Said, Shared, Whispered

KEPT = 1024
"""Posts kept.  A page is read in well under the time it takes to post so many."""


class Recent:
    """The last KEPT posts that were delivered, in their newest form.

    ``floor``: every post with a higher number is here.
    ``removals``: how often something was deleted or counted as removed.
    """

    def __init__(self, head: int, kept: int = KEPT) -> None:
        self.floor = head
        self.removals = 0
        self._kept = kept
        self._posts: dict[int, StoredPost] = {}
        self._edits: dict[int, list[int]] = {}
        """For each message, the numbers of those of its edits that are here."""
        self._numbers: deque[int] = deque()
        """Their numbers, since a dict finds its first key ever more slowly where others were taken out before it."""

    def add(self, stored: StoredPost) -> None:
        """Take the next post.  What it edits or deletes reads accordingly from now on."""
        post = stored.event
        if type(post) is Edited:
            self._edit(post)
            self._edits.setdefault(post.target, []).append(post.id)
        elif type(post) is Deleted:
            self._delete(post)
        self._posts[post.id] = stored
        self._numbers.append(post.id)
        if len(self._numbers) > self._kept:
            self.floor = self._numbers.popleft()
            gone = self._posts.pop(self.floor).event
            if isinstance(gone, Edited) and gone.id != gone.target:
                self._forget_edit(gone)

    def clear(self, floor: int) -> None:
        """Keep none of the posts up to ``floor``: readers find them in the journal, without what was removed."""
        self.floor = floor
        self.removals += 1
        self._posts.clear()
        self._edits.clear()
        self._numbers.clear()

    def _forget_edit(self, edit: Edited) -> None:
        """Note that the oldest edit of a message is not here any more."""
        edits = self._edits.get(edit.target, [])
        if edit.id in edits:
            edits.remove(edit.id)
        if not edits:
            self._edits.pop(edit.target, None)

    def after(self, position: int, audience: Audience) -> Sequence[StoredPost]:
        """Return what the audience may see of the posts after ``position``, which is not below the floor."""
        found = []
        for number in reversed(self._posts):
            if number <= position:
                break
            stored = self._posts[number]
            if stored.reader is None:
                if stored.event.room in audience.rooms:
                    found.append(stored)
            elif audience.author in (stored.author, stored.reader):
                found.append(stored)
        found.reverse()
        return found

    def latest(self, room: str, count: int) -> Sequence[StoredPost] | None:
        """Return the last ``count`` messages of a room, as the journal gives them; None when there are fewer here."""
        found: list[StoredPost] = []
        for stored in reversed(self._posts.values()):
            if len(found) == count:
                break
            if stored.event.room == room and _is_message(stored.event):
                found.append(stored)
        found.reverse()
        return found if len(found) == count else None

    def _edit(self, edit: Edited) -> None:
        target = self._posts.get(edit.target)
        if target is not None and isinstance(target.event, Said | Acted | Whispered | Edited):
            old = target.event
            acted = isinstance(old, Acted) or (isinstance(old, Edited) and old.acted)
            changed = Edited(
                old.id, old.room, old.nick, old.at, old.id, edit.text, edit.to, old.reply, old.reply_nick, edit.all,
                acted,
            )  # fmt: skip
            self._posts[edit.target] = StoredPost(changed, target.author, target.reader)

    def _delete(self, deletion: Deleted) -> None:
        """Replace the message, and every edit of it: its text is not shown again."""
        self.removals += 1
        # A purge deletes thousands: so nothing is searched.
        for number in (deletion.target, *self._edits.pop(deletion.target, ())):
            stored = self._posts.get(number)
            if stored is not None:
                deleted = _deleted(stored.event, deletion)
                self._posts[number] = StoredPost(deleted, stored.author, stored.reader)


def _is_message(post: Post) -> bool:
    """Say whether it is something said or done that is not deleted, even if it reads differently now."""
    if isinstance(post, Edited):
        return post.target == post.id  # else it is the change itself
    return isinstance(post, Said | Acted | Shared)


def _deleted(old: Post, deletion: Deleted) -> Deleted:
    return Deleted(old.id, old.room, deletion.nick, old.at, deletion.target, deletion.to)
