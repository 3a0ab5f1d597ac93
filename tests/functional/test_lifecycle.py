"""Starting, stopping, dying and coming back."""

import contextlib
import grp
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from tests.functional.harness import LIMIT_S, TREE, TWIST, TWISTD, Daemon, FunctionalTest, Peer, program


def kill(number: int) -> None:
    """Kill a process, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)


class RestartTest(FunctionalTest):
    def test_stop_and_start(self) -> None:
        """After a restart the messages have the same numbers, times and authors, and the next number is higher."""
        daemon = self.start()
        alice, bob = self.connect(daemon, "alice"), self.connect(daemon, "bob")
        alice.send("one\n/me waves\n")
        live = bob.expect(r"^\[.*\] #1 alice: one\r\n\[.*\] #2 \* alice waves\r\n")[0]
        self.assertEqual(daemon.stop(), 0)
        daemon = self.start()
        carol = self.connect(daemon, "carol")
        self.assertIn(live, carol.expect(r"(?s)-- 2 earlier messages:.*-- end of the earlier messages\r\n")[0])
        dave = self.connect(daemon, "dave")
        carol.send("three\n")
        number = dave.expect(r"#(\d+) carol: three\r\n")[1]
        self.assertGreater(int(number), 2)

    def test_killed(self) -> None:
        """Everything for which a program was told ``done`` is there after kill -9, and once."""
        daemon = self.start()
        bot = self.connect(daemon)
        bot.send('{"do": "nick", "nick": "bot"}\n')
        bot.expect("welcome")
        bot.send("".join(f'{{"do": "say", "text": "word{number}", "ref": {number}}}\n' for number in range(1000)))
        for _ in range(300):
            bot.expect('"done"')
        daemon.kill()
        done = 300 + len(re.findall('"done"', bot.rest()))
        daemon = self.start()
        reader = self.connect(daemon)
        reader.send('{"do": "nick", "nick": "reader", "since": 0}\n')
        texts: list[str] = []
        while len(texts) < done:
            texts.append(reader.expect(r'"text": ?"(word\d+)"')[1])
        self.assertEqual(texts, [f"word{number}" for number in range(done)])
        self.assertEqual(daemon.stop(), 0)


class StopTest(FunctionalTest):
    def test_everybody_is_told(self) -> None:
        """On SIGTERM all are told, connections close, and the exit status is 0, with readers and without names."""
        # It waits for neither of these times.
        daemon = self.start("--settings", self.settings("stop_timeout_s = 3600\nhandshake_timeout_s = 3600\n"))
        alice, nameless = self.connect(daemon, "alice"), self.connect(daemon)
        nameless.expect("nickname: ")
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(alice.rest().endswith("-- The server is restarting.\r\n"))
        nameless.rest()
        self.assertEqual(daemon.errors, "")

    def test_interrupt(self) -> None:
        """Ctrl-C does the same."""
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        daemon.process.send_signal(signal.SIGINT)
        self.assertEqual(daemon.wait(), 0)
        self.assertIn("-- The server is stopping.", alice.rest())

    def test_slow_reader_gets_the_rest(self) -> None:
        """What was said before a stop reaches also who reads it only during the stop."""
        limits = "flood_burst = 100000\nsend_buffer_bytes = 16384\nstop_timeout_s = 3600\nstuck_timeout_s = 3600\n"
        daemon = self.start("--settings", self.settings(limits))
        slow, alice, bob = self.connect(daemon, "slow"), self.connect(daemon, "alice"), self.connect(daemon, "bob")
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        alice.send("".join(f"{number} {'x' * 1000}\n" for number in range(3000)))
        bob.expect("alice: 2999 x")
        daemon.process.send_signal(signal.SIGTERM)
        bob.expect("-- The server is restarting.")
        heard = slow.rest()
        self.assertEqual([int(number) for number in re.findall(r"alice: (\d+) x", heard)], list(range(3000)))
        self.assertTrue(heard.endswith("-- The server is restarting.\r\n"), heard[-200:])
        self.assertEqual(daemon.wait(), 0)

    def test_stuck_reader(self) -> None:
        """Who reads nothing does not keep the daemon from stopping in time."""
        limits = "flood_burst = 100000\nsend_buffer_bytes = 4096\nstop_timeout_s = 3\nstuck_timeout_s = 3600\n"
        daemon = self.start("--settings", self.settings(limits))
        stuck, alice, bob = self.connect(daemon, "stuck"), self.connect(daemon, "alice"), self.connect(daemon, "bob")
        stuck.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        alice.send("".join(f"{number} {'x' * 4000}\n" for number in range(500)))
        bob.expect("alice: 499 x")
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("Not everything was delivered to 1 connection", daemon.log)

    def test_control_socket_is_gone(self) -> None:
        """A stop that cannot remove what somebody else has removed still ends, with everything that comes after."""
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        (self.folder / "data" / "control").unlink()
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(alice.rest().endswith("-- The server is restarting.\r\n"))
        self.assertRegex(daemon.log, "Stopped")
        self.assertNotIn("Traceback", daemon.log)

    def test_folder_is_gone(self) -> None:
        """So does one whose whole data folder is gone."""
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        shutil.rmtree(self.folder / "data")
        alice.send("hello\n")
        daemon.stop()
        self.assertTrue(alice.rest().endswith("-- The server is restarting.\r\n"))
        self.assertRegex(daemon.log, "Stopped")

    def test_hangup_is_survived(self) -> None:
        """SIGHUP ends nothing."""
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.logged("SIGHUP")
        alice.send("/list\n")
        alice.expect("1 person is in lobby")

    def test_broken_disk(self) -> None:
        """When the disk fails a flush, all are told, nothing more is acknowledged, and the exit status is 70."""
        strace = program("strace")
        daemon = self.start()
        alice, bob = self.connect(daemon, "alice"), self.connect(daemon, "bob")
        alice.send("one\n")
        bob.expect("#1 alice: one\r\n")
        inject = ["-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO"]
        tracer = self.spawn(strace, "-f", "-q", "-o", "/dev/null", *inject, "-p", daemon.process.pid)
        self.await_tracer(daemon.process.pid)
        alice.send("two\n")
        self.assertRegex(alice.rest(), "!! journal-unavailable: ")
        self.assertNotIn("two", bob.rest())
        self.assertEqual(daemon.wait(), 70)
        tracer.rest()
        for _ in range(2):
            again = self.launch()
            self.assertEqual(again.wait(), 70)
            self.assertRegex(
                again.errors, r"failed at 20\S+Z \(disk I/O error\): look at the disk and the log, then run"
            )
        verify = self.spawn(sys.executable, "-m", "groupchat.admin", "verify", "--data", self.folder / "data")
        self.assertRegex(verify.rest(), r"is whole: \d messages, up to #\d\..*\n.*the daemon can start again")
        self.assertEqual(self.start().stop(), 0)

    def settings(self, text: str) -> str:
        path = self.folder / "settings.toml"
        path.write_text(text)
        return str(path)


class ReloadTest(FunctionalTest):
    def test_settings_are_followed(self) -> None:
        """SIGHUP makes the daemon follow what was changed, for all, and say what needs a restart."""
        file = self.folder / "chat.toml"
        file.write_text('motd = "first"\nquery_posts = 10\n')
        daemon = self.start("--settings", str(file))
        file.write_text('motd = "second"\nconnections = 5\nguests = false\naddress_live = 1\n')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.logged("connections has changed, which needs a restart$")
        daemon.logged(r"Settings changed: query_posts, motd, address_live, guests$")
        bob = self.connect(daemon)
        bob.expect("second")
        bob.send("bob\n")
        bob.expect("-- You need an account here: ")

    def test_mistake(self) -> None:
        """A file with a mistake changes nothing, and the log says where it is."""
        file = self.folder / "chat.toml"
        file.write_text('motd = "first"\n')
        daemon = self.start("--settings", str(file))
        file.write_text('motd = "second"\nnik_max = 3\n')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.logged(r"The settings stay as they were: .+chat\.toml, line 2: there is no setting 'nik_max'")
        alice = self.connect(daemon)
        alice.expect("first")


class RefusalTest(FunctionalTest):
    """What keeps the daemon from starting is told in one line, with exit status 1."""

    def assert_refused(self, pattern: str, *options: str, command: list[str] | None = None) -> None:
        daemon = self.launch(*options, command=command)
        self.assertEqual(daemon.wait(), 1, daemon.log + daemon.errors)
        self.assertRegex(daemon.errors, rf"\A{pattern}\n\Z")
        self.assertNotIn("Traceback", daemon.log)

    def ways(self) -> list[list[str]]:
        """How the daemon can be run."""
        return [self.command(), [*TWIST, *self.command()[len(TWISTD) + 2 :]]]

    def test_data_folder_in_use(self) -> None:
        """Two daemons never have one data folder."""
        first = self.start()
        for way in self.ways():
            log = self.folder / "log"
            log.rename(self.folder / "first-log")
            self.assert_refused(
                r"groupchat: The data folder .+ is in use by another groupchat \(pid \d+\)\.", command=way
            )
        self.connect(first, "alice")

    def test_data_folder_under_a_file(self) -> None:
        """A data folder that cannot be made is named."""
        (self.folder / "file").touch()
        for way in self.ways():
            self.assert_refused(
                r"groupchat: The data folder .+/file/data cannot be used: .*", "--data", "file/data", command=way
            )

    def test_busy_port(self) -> None:
        """A port that somebody else has is named."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
            for way in self.ways():
                self.assert_refused(
                    rf"groupchat: Cannot listen at {port}: Address already in use\.", "--port", port, command=way
                )

    def test_bad_options(self) -> None:
        """An option, a port, a network, a file or a setting that is none is named."""
        (self.folder / "bad.toml").write_text("flood_burst = 5\nflod_rate = 3\n")
        for options, pattern in [
            (["--nonsense"], "groupchat: option --nonsense not recognized"),
            (["surplus"], "groupchat: 'surplus' is not an option; .*"),
            (["--port", "70000"], r"groupchat: There is no port 70000; .*"),
            (["--port", "nowhere"], r"groupchat: Cannot listen at 'nowhere' .*"),
            (["--port", "tcp:x"], r"groupchat: Cannot listen at 'tcp:x' .*"),
            (["--port", "ssl:6697:a.key:a.crt"], r"groupchat: .*; write --port tcp:6697 --tls a\.crt,a\.key instead\."),
            (["--tls", "missing"], r"groupchat: There is no certificate in missing: there is no such file or folder\."),
            (["--exempt", "home"], r"groupchat: exempt: home is not a network .*"),
            (["--motd", "missing"], r"groupchat: missing: No such file or directory\."),
            (["--journal", "nowhere:"], r"groupchat: .*nowhere:.* is not a journal; .*"),
            (["--settings", "bad.toml"], r"groupchat: bad\.toml, line 2: there is no setting 'flod_rate'; .*"),
        ]:  # fmt: skip
            self.assert_refused(pattern, *options)

    def test_damaged_journal(self) -> None:
        """A file that is no journal is named, and left alone."""
        data = self.folder / "data"
        data.mkdir()
        (data / "chat.db").write_bytes(b"not a database, but long enough to be taken for one\n" * 100)
        self.assert_refused(r"groupchat: .+/chat\.db is not a groupchat database\.")

    def test_daemonized(self) -> None:
        """In the background too the one who starts it is told, and no PID file stays."""
        self.start()
        command = [*TWISTD, "--pidfile=pid", "--logfile=second-log", *self.command()[len(TWISTD) + 2 :]]
        (self.folder / "log").rename(self.folder / "first-log")
        second = self.launch(command=command)
        self.assertEqual(second.wait(), 1)
        # One whole line; twistd adds one of its own, which it cuts.
        self.assertRegex(
            second.errors, r"^groupchat: The data folder .+ is in use by another groupchat \(pid \d+\)\.\n"
        )
        self.assertIn("Cannot start: The data folder", (self.folder / "second-log").read_text())
        # The process in the background, which has told the one that waits for it, has still to tidy up.
        end = time.monotonic() + LIMIT_S
        while (self.folder / "pid").exists() and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse((self.folder / "pid").exists())


class LogTest(FunctionalTest):
    def test_what_is_logged(self) -> None:
        """The log has who comes from where and goes why, and not a word of what they say."""
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        alice.send("a secret\n/exit off to bed\n")
        alice.rest()
        daemon.logged(r"Listening at 127\.0\.0\.1:\d+$")
        daemon.logged(r"Connection opened from 127\.0\.0\.1$")
        daemon.logged(r"alice joined from 127\.0\.0\.1$")
        daemon.logged(r"alice left: off to bed \(from 127\.0\.0\.1, \d+ s\)$")
        self.assertNotIn("secret", daemon.log)

    def test_messages_when_asked(self) -> None:
        """With --log-messages it has what they say, too."""
        daemon = self.start("--log-messages")
        alice = self.connect(daemon, "alice")
        alice.send('no "secret"\n/exit\n')
        alice.rest()
        daemon.logged("#1 Said alice: 'no \"secret\"'$")

    def test_json(self) -> None:
        """With the JSON logger each line is one flat object with the fields of what happened."""
        daemon = self.launch(command=self.command("--logger=groupchat.logs.json_lines"))
        found = daemon.logged(r'^{.*"Listening at .*}$')[0]
        daemon.logged("Started with the messages in")
        self.assertRegex(json.loads(found)["address"], r"127\.0\.0\.1:\d+")
        self.assertEqual(daemon.stop(), 0)
        for line in daemon.log.splitlines():
            self.assertLess({"at", "level", "from", "text"}, {*json.loads(line), "more"})


class LogFileTest(FunctionalTest):
    """A log file is ours, is opened again when it was moved, and does not grow without end: however it is named."""

    def launched(self, *twistd: str) -> Daemon:
        """Start a daemon with the log file "chat.log", and wait until it listens."""
        daemon = self.launch(command=self.command(*twistd))
        daemon.log_path = self.folder / "chat.log"
        self.wait_for(daemon.log_path.exists)
        daemon.port = int(daemon.logged(r"Listening at [^:]+:(\d+)")[1])
        daemon.logged("Started with the messages in")
        return daemon

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT_S
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def assert_reopened(self, daemon: Daemon) -> None:
        """It is private, and goes on in a new file after the old one was moved and the daemon told."""
        path, old = daemon.log_path, self.folder / "chat.log-old"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        path.rename(old)
        daemon.process.send_signal(signal.SIGHUP)
        self.wait_for(path.exists)
        daemon.logged("SIGHUP: reading the settings")
        self.connect(daemon, "alice")
        daemon.logged("alice joined from")
        self.assertNotIn("alice", old.read_text())
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        old.unlink()

    def test_ways(self) -> None:
        """With twistd's own form, with ours, and under twist."""
        umask = os.umask(0o022)
        self.addCleanup(os.umask, umask)
        for way in ([], ["--logger=groupchat.logs.json_lines"], ["--logger=groupchat.logs.text_lines"]):
            daemon = self.launched("--logfile=chat.log", *way)
            self.assert_reopened(daemon)
            self.assertEqual(daemon.stop(), 0)
            self.assertEqual((self.folder / "log").read_text(), "")
            daemon.log_path.unlink()
        twist = [*TWIST, "--log-file=chat.log", *self.command()[len(TWISTD) + 2 :]]
        daemon = self.launch(command=twist)
        daemon.log_path = self.folder / "chat.log"
        self.wait_for(lambda: daemon.log_path.exists() and "Listening" in daemon.log)
        daemon.ready()
        daemon.log_path.rename(self.folder / "chat.log-old")
        daemon.process.send_signal(signal.SIGHUP)
        self.wait_for(daemon.log_path.exists)
        daemon.logged("SIGHUP: reading the settings")
        self.assertEqual(daemon.stop(), 0)

    def is_anywhere(self, words: str) -> bool:
        """Say whether one of the log files has these words; any of them may be moved or removed just now."""
        for path in self.folder.glob("chat.log*"):
            with contextlib.suppress(FileNotFoundError):
                if words in path.read_text():
                    return True
        return False

    def test_size(self) -> None:
        """It is moved away when it is full, and on SIGUSR1; the settings say how many are kept."""
        (self.folder / "chat.toml").write_text("log_file_bytes = 300\nlog_files = 2\n")
        command = self.command("--logfile=chat.log")
        daemon = self.launch("--settings", "chat.toml", command=command)
        daemon.log_path = self.folder / "chat.log"
        self.wait_for((self.folder / "chat.log.2").exists)
        daemon.log_path = self.folder / "chat.log.1"
        self.wait_for(lambda: self.is_anywhere("Started with"))
        (self.folder / "chat.toml").write_text("log_file_bytes = 0\nlog_files = 2\n")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.log_path = self.folder / "chat.log"
        daemon.logged("Settings changed: log_file_bytes")
        daemon.process.send_signal(signal.SIGUSR1)
        self.wait_for(lambda: daemon.log_path.exists() and "Settings changed" not in daemon.log)
        self.assertIn("Settings changed: log_file_bytes", (self.folder / "chat.log.1").read_text())
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("Stopped", daemon.log)
        self.assertEqual(len(list(self.folder.glob("chat.log*"))), 3)

    def test_in_the_background(self) -> None:
        """In the background, twistd.log is ours too."""
        pid = self.folder / "pid"
        command = [*TWISTD, f"--pidfile={pid}", *self.command()[len(TWISTD) + 2 :]]
        starter = self.launch(command=command)
        self.assertEqual(starter.wait(), 0, starter.errors)
        log = self.folder / "twistd.log"
        number = int(pid.read_text())
        self.addCleanup(kill, number)
        self.assertEqual(log.stat().st_mode & 0o777, 0o600)
        self.wait_for(lambda: "Started with" in log.read_text())
        log.rename(self.folder / "old")
        os.kill(number, signal.SIGHUP)
        self.wait_for(log.exists)
        os.kill(number, signal.SIGTERM)
        self.wait_for(lambda: "Stopped" in log.read_text())
        self.wait_for(lambda: not pid.exists())

    def test_logrotate(self) -> None:
        """logrotate, told what docs/OPERATIONS.md says, moves the log away, and the daemon goes on in the new file."""
        logrotate = program("logrotate")
        page = (TREE / "docs" / "OPERATIONS.md").read_text()
        found = re.search(r"```\n(/var/log/groupchat\.log \{\n.*?)```", page, re.DOTALL)
        assert found is not None
        daemon = self.launched("--logfile=chat.log")
        (self.folder / "pid").write_text(str(daemon.process.pid))
        user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        rules = found[1].replace("/var/log/groupchat.log", f'"{self.folder}/chat.log"')
        rules = rules.replace("/run/groupchat.pid", f"'{self.folder}/pid'").replace("chat chat", f"{user} {group}")
        (self.folder / "rules").write_text(rules)
        (self.folder / "rules").chmod(0o600)
        command = [logrotate, "--force", "--state", str(self.folder / "state"), str(self.folder / "rules")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        daemon.logged("SIGHUP: reading the settings")
        self.assertNotIn("Listening at", daemon.log)
        self.assertIn("Listening at", (self.folder / "chat.log.1").read_text())
        self.assertEqual(daemon.log_path.stat().st_mode & 0o777, 0o600)

    def test_no_place(self) -> None:
        """A log file that cannot be written is named."""
        daemon = self.launch(command=self.command("--logfile=nowhere/chat.log"))
        self.assertEqual(daemon.wait(), 1)
        self.assertRegex(
            daemon.errors,
            r"\Agroupchat: The log file nowhere/chat\.log cannot be written: No such file or directory\.\n\Z",
        )

    def test_usr1_without_a_file(self) -> None:
        """SIGUSR1 ends nothing where there is no file to move."""
        daemon = self.start()
        daemon.process.send_signal(signal.SIGUSR1)
        self.connect(daemon, "alice")
        self.assertEqual(daemon.stop(), 0)

    def test_descriptors(self) -> None:
        """The soft limit of descriptors is raised to the hard one, and the log says so."""
        limited = 'ulimit -Sn 128; ulimit -Hn 300; exec "$0" "$@"'
        daemon = self.launch(command=["/bin/sh", "-c", limited, *self.command()])
        daemon.ready()
        daemon.logged("At most 300 files and sockets can be open$")
        daemon.logged("So only 172 of 10000 connections are taken; raise the hard limit")
        self.assertEqual(daemon.stop(), 0)


class WaysTest(FunctionalTest):
    def test_twist(self) -> None:
        """``twist groupchat`` runs it too, and stops it well."""
        daemon = self.launch(command=[*TWIST, *self.command()[len(TWISTD) + 2 :]]).ready()
        alice = self.connect(daemon, "alice")
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("-- The server is restarting.", alice.rest())

    def test_tac(self) -> None:
        """``twistd -ny chat.tac`` runs it too, with the options that stand there."""
        text = (TREE / "chat.tac").read_text()
        changed = text.replace("parseOptions([])", 'parseOptions(["--port", "tcp:0:interface=127.0.0.1"])')
        self.assertNotEqual(text, changed)
        (self.folder / "chat.tac").write_text(changed)
        daemon = self.launch(command=[*TWISTD, "--pidfile=", "-ny", "chat.tac"]).ready()
        self.connect(daemon, "alice")
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue((self.folder / "groupchat-data" / "chat.db").exists())

    def test_tac_refused(self) -> None:
        """What keeps it from starting is told in one line there too."""
        (self.folder / "groupchat-data").touch()
        shutil.copy(TREE / "chat.tac", self.folder)
        text = (TREE / "chat.tac").read_text()
        (self.folder / "chat.tac").write_text(text.replace("parseOptions([])", 'parseOptions(["--port", "tcp:0"])'))
        daemon = self.launch(command=[*TWISTD, "--pidfile=", "-ny", "chat.tac"])
        self.assertEqual(daemon.wait(), 1)
        self.assertRegex(daemon.errors, r"\Agroupchat: The data folder .+ cannot be used: .*\n\Z")

    def test_state_directory(self) -> None:
        """Under systemd the messages are where systemd says; the folder is for its owner only."""
        self.environment["STATE_DIRECTORY"] = f"{self.folder}/state:{self.folder}/other"
        daemon = self.launch(command=[*TWISTD, "-n", "--pidfile=", "groupchat", "--port", "0"]).ready()
        self.assertEqual((self.folder / "state").stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.folder / "state" / "chat.db").stat().st_mode & 0o777, 0o600)
        self.assertEqual(daemon.stop(), 0)

    def test_both_families(self) -> None:
        """A bare port number serves IPv4 and, where the machine has it, IPv6."""
        daemon = self.launch(
            command=[*TWISTD, "-n", "--pidfile=", "groupchat", "--port", "0", "--data", "data"]
        ).ready()
        self.connect(daemon, "alice")
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            return  # IPv6 is turned off here, although a socket may be bound to all of its addresses
        with socket.create_connection(("::1", daemon.port), LIMIT_S) as bob:
            Peer(bob.fileno()).expect("groupchat(?s:.)*nickname: ")
