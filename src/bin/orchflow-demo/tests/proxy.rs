//! The proxies of `docs/OPERATING.md`: their configurations are accepted as they are printed there, and carry the page
//! and a session through TLS.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use client::{Client, WATCHDOG};
use demo_server::DemoServer;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::json;
use support::files::TempDir;
use support::has_tool;

const NAME: &str = "team.example";
const ORIGIN: &str = "https://team.example";

/// The block of this language in the document.
fn documented(language: &str) -> String {
    let document = include_str!("../../../../docs/OPERATING.md");
    let (_, rest) = document.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// Replaces what is different here; each must be there.
fn adapted(mut text: String, changes: &[(&str, &str)]) -> String {
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {text}");
        text = text.replace(from, to);
    }
    text
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A proxy that was started; dropping it ends it.
struct Proxy {
    folder: TempDir,
    port: u16,
    pid_file: PathBuf,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let pid = fs::read_to_string(&self.pid_file).ok().and_then(|text| text.trim().parse().ok());
        if let Some(pid) = pid {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
}

impl Proxy {
    /// A folder with a certificate for the name.
    fn prepare() -> Self {
        let folder = TempDir::new();
        let subject = format!("/CN={NAME}");
        let names = format!("subjectAltName=DNS:{NAME}");
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-nodes", "-days", "2", "-subj", &subject, "-addext", &names]);
        openssl.arg("-keyout").arg(folder.path().join("key"));
        run(openssl.arg("-out").arg(folder.path().join("certificate")));
        let pid_file = folder.path().join("pid");
        Proxy { folder, port: free_port(), pid_file }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn nginx(server: SocketAddr) -> Self {
        let proxy = Proxy::prepare();
        let port = proxy.port;
        let site = adapted(
            documented("nginx"),
            &[
                ("listen 443 ssl;", &format!("listen 127.0.0.1:{port} ssl;")),
                ("listen 80;", &format!("listen 127.0.0.1:{};", free_port())),
                ("/etc/ssl/certs/team.example.pem", &proxy.path("certificate")),
                ("/etc/ssl/private/team.example.key", &proxy.path("key")),
                ("127.0.0.1:7070", &server.to_string()),
            ],
        );
        fs::write(proxy.path("site.conf"), site).unwrap();
        // The workers need the folder of the test.
        let user = if geteuid().is_root() { "user root;" } else { "" };
        let folder = proxy.folder.path().display();
        let places: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
            .concat();
        let main = format!(
            "{user}\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n\
             http {{\naccess_log {folder}/access.log;\n{places}include {folder}/site.conf;\n}}\n"
        );
        fs::write(proxy.path("nginx.conf"), main).unwrap();
        let nginx = || {
            let mut nginx = Command::new(program("nginx"));
            nginx.args(["-c", &proxy.path("nginx.conf"), "-e", &proxy.path("error.log")]);
            nginx
        };
        run(nginx().arg("-t"));
        // It goes into the background once it listens.
        run(&mut nginx());
        proxy
    }

    fn caddy(server: SocketAddr) -> Self {
        let proxy = Proxy::prepare();
        let (certificate, key) = (proxy.path("certificate"), proxy.path("key"));
        let site = adapted(
            documented("caddyfile"),
            &[
                (
                    "team.example {",
                    &format!("team.example:{} {{\n    tls {certificate} {key}", proxy.port),
                ),
                ("127.0.0.1:7070", &server.to_string()),
            ],
        );
        let admin = proxy.path("admin");
        let global = format!("{{\n    admin unix/{admin}\n    auto_https off\n}}\n");
        fs::write(proxy.path("Caddyfile"), global + &site).unwrap();
        let caddy = |command: &str| {
            let mut caddy = Command::new(program("caddy"));
            caddy.args([command, "--config", &proxy.path("Caddyfile"), "--adapter", "caddyfile"]);
            caddy.env("HOME", proxy.folder.path()).env_remove("XDG_DATA_HOME");
            caddy
        };
        run(&mut caddy("validate"));
        run(caddy("start").args(["--pidfile", &proxy.path("pid")]));
        proxy
    }

    /// A connection through TLS, with the certificate checked.
    fn connect(&self) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (inside, _) = listener.accept().unwrap();
        let mut tls = Command::new("openssl");
        tls.args(["s_client", "-quiet", "-verify_quiet", "-verify_return_error"]);
        tls.args(["-verify_hostname", NAME, "-servername", NAME, "-CAfile"]);
        tls.arg(self.path("certificate")).args(["-connect", &format!("127.0.0.1:{}", self.port)]);
        let tls = tls.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut tls = tls.spawn().unwrap();
        let (to, from) = (tls.stdin.take().unwrap(), tls.stdout.take().unwrap());
        let reading = inside.try_clone().unwrap();
        std::thread::spawn(move || forward(reading, to));
        std::thread::spawn(move || {
            forward(from, &inside);
            let _ = inside.shutdown(std::net::Shutdown::Both);
            tls.kill().unwrap();
            tls.wait().unwrap();
        });
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream
    }

    /// The whole response to a request for a page.
    fn get(&self, path: &str, host: &str) -> String {
        let mut stream = self.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        String::from_utf8_lossy(&response).into_owned()
    }

    /// The page and a session; `host` is what a browser sends.
    fn carries_a_session(&self, server: &DemoServer, host: &str, origin: &str) {
        let page = self.get("/", host);
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("<!doctype html>"), "{page}");
        for report in ["/metrics", "/healthz", "/%6detrics"] {
            let response = self.get(report, host);
            assert!(response.starts_with("HTTP/1.1 404"), "{report}: {response}");
        }
        let uri = format!("wss://{host}/");
        let fields = json!({"collections": ["terminals"]});
        let mut client = Client::through(self.connect(), &uri, Some(origin)).unwrap();
        client.say_hello(&server.token, fields);
        let terminal = client.receive_type("diff")["terminals"][0]["id"].as_u64().unwrap();
        client.send(&json!({"type": "attach", "terminal": terminal}));
        client.type_in(terminal, b"hello\n");
        client.read_until(terminal, b"hello\r\nhello\r\n");
        // Pages of others do not get through.
        let foreign = Client::through(self.connect(), &uri, Some("https://evil.example"));
        let refusal = foreign.err().unwrap();
        assert!(refusal.contains("403"), "{refusal}");
    }
}

/// Copies until one side ends. `std::io::copy` would splice, and hold the pipe while it waits for the socket.
fn forward(mut from: impl Read, mut to: impl Write) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).and_then(|()| to.flush()).is_err() {
            break;
        }
    }
}

/// Runs a program until it ends or goes into the background.
fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Servers are where only root looks for programs.
fn program(name: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(name);
    if path.exists() { path } else { name.into() }
}

fn has_tools(proxy: &str) -> bool {
    (program(proxy).is_absolute() || has_tool(proxy)) && has_tool("openssl")
}

#[test]
fn nginx_carries_a_session() {
    if !has_tools("nginx") {
        return;
    }
    let server = DemoServer::start(&["--shell", "cat", "--host", NAME, "--origin", ORIGIN]);
    let proxy = Proxy::nginx(server.tcp());
    proxy.carries_a_session(&server, NAME, ORIGIN);
    // The Host is passed on as it came, for the server to refuse it.
    let refusal = proxy.get("/", "evil.example");
    assert!(refusal.starts_with("HTTP/1.1 403") && refusal.contains("--host evil.example"));
}

#[test]
fn caddy_carries_a_session() {
    if !has_tools("caddy") {
        return;
    }
    // The port is known after the server is; a name without a port is passed on as well.
    let server = DemoServer::start(&["--shell", "cat", "--host", NAME, "--origin", ORIGIN]);
    let proxy = Proxy::caddy(server.tcp());
    proxy.carries_a_session(&server, NAME, ORIGIN);
}
