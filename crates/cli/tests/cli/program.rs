//! Running the program.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program in an empty environment.
pub(crate) struct Program(Command);

/// What became of it.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aliasctl"));
        command.env_clear().args(arguments);
        Self(command)
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn env_os(mut self, name: &str, value: &OsStr) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn arguments_os(mut self, arguments: &[&OsStr]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    /// The command itself, to be run elsewhere than here.
    pub(crate) fn into_command(self) -> Command {
        self.0
    }

    pub(crate) fn run(self) -> Ended {
        self.run_with("")
    }

    /// Runs it with this text on standard input.
    pub(crate) fn run_with(self, input: &str) -> Ended {
        self.run_with_into(input, Stdio::piped())
    }

    /// Runs it with its standard output closed.
    pub(crate) fn run_closed(self) -> Ended {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"exec "$0" "$@" >&-"#]).arg(self.0.get_program()).args(self.0.get_args());
        let set = self.0.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.env_clear().envs(set).current_dir(self.0.get_current_dir().unwrap_or(Path::new(".")));
        Self(shell).run()
    }

    /// Runs it with its standard output going there.
    pub(crate) fn run_into(self, output: Stdio) -> Ended {
        self.run_with_into("", output)
    }

    pub(crate) fn run_with_into(mut self, input: &str, output: Stdio) -> Ended {
        self.0.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped());
        let mut child = self.0.spawn().unwrap();
        // A program that does not read its input may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// The standard output of a program that did what it was asked to.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The standard error of a program that ended with this code and gave no data.
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        self.stderr
    }
}
