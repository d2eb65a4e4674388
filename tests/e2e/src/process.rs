//! The real binary, as an operator runs it.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use palatine_domain::Ambient;
use tempfile::TempDir;

use crate::certificates::{Authority, PairPlace};
use crate::realm::RealmUnderTest;
use crate::wire::{Answer, Wire};
use crate::world::{eventually, seconds};

/// The binary, and a folder of the test's own in which it runs.
pub struct Palatine {
    program: PathBuf,
    folder: TempDir,
    environment: Vec<(String, String)>,
    runs: AtomicU32,
}

/// Any free port of this machine.
const FREE: &str = "127.0.0.1:0";

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it said.
    pub stdout: String,
    /// What it logged and refused.
    pub stderr: String,
}

/// A process that runs. Killed with this value.
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// A running `palatine dev`.
pub struct Dev {
    /// The process.
    pub process: Running,
    wire: Wire,
    management: Wire,
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// Where cargo puts the binaries of a workspace: beside the folder of its test executables.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).expect("target/<profile>/deps").join("palatine");
    assert!(
        program.is_file(),
        "{} is not there: build it with the same profile, `cargo build -p palatine-server`",
        program.display()
    );
    program
}

impl Default for Palatine {
    fn default() -> Self {
        Self {
            program: program(),
            folder: tempfile::tempdir().unwrap(),
            // No test is about how slow a hash is.
            environment: [("MEMORY_KIB", "64"), ("ITERATIONS", "1")]
                .map(|(name, value)| (format!("PALATINE__HASHING__{name}"), value.to_owned()))
                .to_vec(),
            runs: AtomicU32::new(0),
        }
    }
}

impl Palatine {
    /// With an environment variable. It has no others but those that make hashes cheap.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in the folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Starts a command in the folder.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        let (stdout, stderr) = (self.path(&format!("stdout-{run}")), self.path(&format!("stderr-{run}")));
        let child = Command::new(&self.program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Running { child, stdout, stderr }
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end().await
    }

    /// Runs a command that has to work; gives what it said.
    pub async fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    }

    /// Runs a command that has to be refused with this exit code; gives the refusal.
    pub async fn refused(&self, arguments: &[&str], code: i32) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        ended.stderr
    }

    /// Starts `palatine dev` on free ports over this data folder, and waits until it says where to go.
    pub async fn dev(&self, data: &str) -> Dev {
        self.greeted(data, &["--listen", FREE], Wire::new).await
    }

    /// The same over TLS alone, with further flags.
    pub async fn dev_over_tls(&self, data: &str, authority: &Authority, pair: &PairPlace, flags: &[&str]) -> Dev {
        let (certificate, key) = (pair.certificate(), pair.key());
        let tls = ["--tls-listen", FREE, "--tls-certificate", text(&certificate), "--tls-key", text(&key)];
        let wire = |url, address| Wire::over_tls(authority.client(), url, address);
        self.greeted(data, &[&tls, flags].concat(), wire).await
    }

    async fn greeted(&self, data: &str, flags: &[&str], main: impl Fn(url::Url, SocketAddr) -> Wire) -> Dev {
        let mut process = self.start(&[&["dev", "--management", FREE, "--data-dir", data], flags].concat());
        eventually("palatine dev says where to go", seconds(60), async || {
            process.assert_runs();
            process.stdout().contains("Press Ctrl-C to stop.")
        })
        .await;
        let said = process.stdout();
        let url = |label: &str| {
            let after = said.split_once(label).unwrap_or_else(|| panic!("no {label}: {said}")).1;
            after.split_whitespace().next().unwrap().parse::<url::Url>().unwrap()
        };
        let place = |mut url: url::Url| {
            let address = SocketAddr::from(([127, 0, 0, 1], url.port().unwrap()));
            url.set_path("");
            (url, address)
        };
        let (start_page, at) = place(url("Start page"));
        let (health, management) = place(url("Health"));
        Dev { wire: main(start_page, at), management: Wire::new(health, management), process }
    }
}

impl Running {
    /// What it has said so far.
    pub fn stdout(&self) -> String {
        std::fs::read_to_string(&self.stdout).unwrap()
    }

    /// What it has logged so far.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Asks it to look at its certificate.
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end.
    pub async fn end(mut self) -> Ended {
        let child = &mut self.child;
        let mut status = None;
        eventually("the process ends", seconds(30), async || {
            status = child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        Ended { code: status.and_then(|status| status.code()), stdout: self.stdout(), stderr: self.stderr() }
    }

    fn assert_runs(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("it ended with {status}: {}", self.stderr());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Dev {
    /// The way to it.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A realm that it serves.
    pub fn realm(&self, slug: &str) -> RealmUnderTest {
        RealmUnderTest::new(slug, self.wire.clone(), Ambient::system())
    }

    /// A page of the management port.
    pub async fn management(&self, path: &str) -> Answer {
        self.management.get(path).await
    }

    /// Stops it as an operator does, and waits for its end.
    pub async fn stop(self) -> Ended {
        self.process.terminate();
        self.process.end().await
    }
}
