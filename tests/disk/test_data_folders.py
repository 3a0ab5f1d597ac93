"""Data folders as administrators leave them."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.disk.data_folders import check_journal, data_folder, explained, make_private, opened, user_name
from groupchat.model.errors import CannotStart
from tests.lacking import need_root

OTHER = 54321
"""A user who has no name."""


class DataFolderTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def refusal(self, path: Path) -> str:
        return str(self.assertRaises(CannotStart, check_journal, path))

    def test_missing(self) -> None:
        """A journal that is missing, or in a folder that is a file, is named."""
        self.assertEqual(self.refusal(self.folder / "chat.db"), f"There is no journal {self.folder / 'chat.db'}.")
        self.assertIn("There is no journal", self.refusal(self.folder / "none" / "chat.db"))
        file = self.folder / "file"
        file.touch()
        self.assertEqual(self.refusal(file / "chat.db"), f"{file} is not a folder.")
        self.assertEqual(self.refusal(self.folder), f"{self.folder} is not a file.")

    def test_good(self) -> None:
        """A file that can be read and written is good."""
        path = self.folder / "chat.db"
        path.touch()
        check_journal(path)

    def test_explained(self) -> None:
        """What the system says of a folder becomes a sentence."""
        for error, sentence in (
            (NotADirectoryError(20, "Not a directory"), f"{self.folder} is not a folder."),
            (FileExistsError(17, "File exists"), f"{self.folder} is not a folder."),
            (OSError(28, "No space left on device"), "cannot be used: No space left on device."),
            (PermissionError(13, "Permission denied"), f"You may not use the data folder {self.folder}; run this as "),
        ):
            self.assertIn(sentence, str(explained(error, self.folder)))

    def test_users(self) -> None:
        """A user is called by name; one without a name by number."""
        self.assertEqual(user_name(0), "root")
        self.assertEqual(user_name(OTHER), f"the user with the number {OTHER}")

    def test_data_folder(self) -> None:
        """The data folder is the one named, else systemd's first, else one in the current folder."""
        environ = {"STATE_DIRECTORY": "/s:/t"}
        self.assertEqual([str(data_folder("/d", environ)), str(data_folder(None, environ))], ["/d", "/s"])
        self.assertEqual(str(data_folder("", {})), "groupchat-data")

    def test_opened(self) -> None:
        """A file is made for its owner only, and opened again as it is."""
        path = self.folder / "lock"
        os.close(opened(path))
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        path.write_text("12")
        os.close(opened(path))
        self.assertEqual(path.read_text(), "12")
        error = self.assertRaises(CannotStart, opened, self.folder)
        self.assertEqual(str(error), f"{self.folder} is not a file.")


class RootTest(SynchronousTestCase):
    """What root makes in the folder of a service's user."""

    def setUp(self) -> None:
        need_root("can work in the folders of others")
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        os.chown(self.folder, OTHER, OTHER)

    def test_owner(self) -> None:
        """A file belongs to the owner of its folder, also one that root made earlier."""
        for path in (self.folder / "new", self.folder / "old"):
            if path.name == "old":
                path.touch()
            os.close(opened(path))
            found = path.stat()
            self.assertEqual((found.st_uid, found.st_gid), (OTHER, OTHER), path.name)

    def test_links(self) -> None:
        """The user of the service cannot lead root to a file elsewhere, and is given none."""
        with tempfile.NamedTemporaryFile() as precious:
            (self.folder / "lock").symlink_to(precious.name)
            self.assertRaises(CannotStart, opened, self.folder / "lock")
            (self.folder / "lock").unlink()
            os.link(precious.name, self.folder / "lock")
            os.close(opened(self.folder / "lock"))
            self.assertEqual(os.stat(precious.name).st_uid, 0)
            (self.folder / "lock").unlink()


class PrivateTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def mode(self, path: Path | None = None) -> str:
        return oct(stat.S_IMODE((path or self.folder).stat().st_mode))

    def test_closed(self) -> None:
        """A data folder that is open to others, in whatever way, is closed, which is told once."""
        (self.folder / "chat.db").touch()
        for name in ("tls", "files", "chat.db.20261121T120000Z.files"):
            (self.folder / name).mkdir()
        for mode in (0o755, 0o750, 0o701, 0o777):
            self.folder.chmod(mode)
            self.assertEqual(make_private(self.folder), f"{mode:04o}")
            self.assertEqual(self.mode(), "0o700")
            self.assertEqual(make_private(self.folder), "")

    def test_not_ours_alone(self) -> None:
        """A folder with other folders in it, or for everybody's files, is left as it is, and refused."""
        for mode, name in ((0o755, "home"), (0o1777, "")):
            if name:
                (self.folder / name).mkdir()
            self.folder.chmod(mode)
            error = self.assertRaises(CannotStart, make_private, self.folder)
            self.assertIn(f"{self.folder} is open to others (mode {mode:04o})", str(error))
            self.assertIn(f"chmod 700 {self.folder}", str(error))
            self.assertEqual(self.mode(), oct(mode))
            self.folder.chmod(0o700)
            make_private(self.folder)
            shutil.rmtree(self.folder / "home", ignore_errors=True)

    def test_somebody_elses(self) -> None:
        """A folder of somebody else, which only they can close, is refused."""
        need_root("can become somebody else")
        self.folder.chmod(0o777)
        os.seteuid(OTHER)
        self.addCleanup(os.seteuid, 0)
        try:
            error = self.assertRaises(CannotStart, make_private, self.folder)
        finally:
            os.seteuid(0)
        self.assertIn("you may not close it", str(error))
        self.assertEqual(self.mode(), "0o777")

    def test_files(self) -> None:
        """A file that others could read is closed to them as it is opened."""
        path = self.folder / "chat.db"
        path.touch()
        path.chmod(0o644)
        os.close(opened(path))
        self.assertEqual(self.mode(path), "0o600")
