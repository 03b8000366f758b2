//! An editor, as far as the tests need one: it talks to the real binary over its standard input and output.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// No answer takes nearly as long as this.
const DEADLINE: Duration = Duration::from_secs(60);

/// Who says something.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    #[allow(dead_code, reason = "the benchmark checks no messages")]
    pub fn other(self) -> Self {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// Hears every message.
pub type Listener = Box<dyn FnMut(Side, &Value)>;

pub struct Client {
    process: Child,
    /// Where the server reads.
    to: Option<Box<dyn Write>>,
    messages: Receiver<Value>,
    /// Notifications that nobody has asked for yet.
    notifications: VecDeque<Value>,
    last_id: i64,
    versions: i32,
    listener: Listener,
    /// What the server offers.
    pub capabilities: Value,
    /// What the user has chosen, for servers that ask.
    pub settings: Value,
    pub dir: Arc<TempDir>,
}

impl Client {
    /// Starts a server and opens a folder with these files in it.
    pub fn start(files: &[(&str, &str)]) -> Self {
        Self::start_with(files, json!({}))
    }

    /// The same with a client that says this of itself.
    pub fn start_with(files: &[(&str, &str)], capabilities: Value) -> Self {
        let mut client = Self::launch(files);
        client.initialize(json!({ "capabilities": capabilities }));
        client
    }

    /// Starts another server for the folder that a client works in.
    #[allow(dead_code, reason = "the benchmark needs one server at a time")]
    pub fn join(other: &Self, capabilities: Value) -> Self {
        let mut client = Self::talk(other.dir.clone(), |server| {
            server.stdin(Stdio::piped()).stdout(Stdio::piped());
            server.spawn().unwrap()
        });
        client.initialize(json!({ "capabilities": capabilities }));
        client
    }

    /// Starts a server for a folder with these files in it, and says nothing yet.
    pub fn launch(files: &[(&str, &str)]) -> Self {
        Self::talk(folder(files), |server| {
            server.stdin(Stdio::piped()).stdout(Stdio::piped());
            server.spawn().unwrap()
        })
    }

    /// The same, but the server comes to where the editor listens.
    #[allow(dead_code, reason = "the benchmark uses pipes")]
    pub fn launch_on_socket(files: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut client = Self::talk(folder(files), |server| {
            server.args(["--socket", &port.to_string()]);
            server.stdin(Stdio::null()).stdout(Stdio::piped());
            server.spawn().unwrap()
        });
        let (stream, _) = listener.accept().unwrap();
        client.messages = hear(stream.try_clone().unwrap());
        client.to = Some(Box::new(stream));
        client
    }

    fn talk(dir: Arc<TempDir>, launch: impl FnOnce(&mut Command) -> Child) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_mgmt-lsp"));
        server.env("XDG_CACHE_HOME", dir.path().join(".cache"));
        let mut process = launch(&mut server);
        let to = process
            .stdin
            .take()
            .map(|it| Box::new(it) as Box<dyn Write>);
        let messages = hear(process.stdout.take().unwrap());
        Self {
            process,
            to,
            messages,
            notifications: VecDeque::new(),
            last_id: 0,
            versions: 0,
            listener: crate::listener(),
            capabilities: Value::Null,
            settings: Value::Null,
            dir,
        }
    }

    /// Introduces the client; what is said replaces what it says of itself else.
    pub fn initialize(&mut self, said: Value) {
        let mut params = json!({
            "processId": null,
            "rootUri": null,
            "capabilities": {},
            "workspaceFolders": [{ "uri": self.uri(""), "name": "test" }],
        });
        for (name, value) in said.as_object().unwrap() {
            params[name] = value.clone();
        }
        let mut initialized = self.request("initialize", &params);
        self.capabilities = initialized["capabilities"].take();
        self.notify("initialized", &json!({}));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn uri(&self, name: &str) -> String {
        let path = if name.is_empty() {
            self.dir.path().to_owned()
        } else {
            self.path(name)
        };
        uri(&path)
    }

    pub fn notify(&mut self, method: &str, params: &Value) {
        self.send(&message(method, params));
    }

    /// Sends a request and waits for its result. An error is one of the test.
    pub fn request(&mut self, method: &str, params: &Value) -> Value {
        match self.try_request(method, params) {
            Ok(result) => result,
            Err(error) => panic!("{method} {params}: {error}"),
        }
    }

    pub fn try_request(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        let id = self.send_request(method, params);
        self.answer(id)
    }

    pub fn send_request(&mut self, method: &str, params: &Value) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = message(method, params);
        message["id"] = json!(id);
        self.send(&message);
        id
    }

    pub fn answer(&mut self, id: i64) -> Result<Value, Value> {
        loop {
            let mut message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].take()),
                };
            }
            self.notifications.push_back(message);
        }
    }

    /// The next answer to any request, with its id.
    pub fn next_answer(&mut self) -> (i64, Result<Value, Value>) {
        loop {
            let mut message = self.receive();
            if let (Some(id), None) = (message["id"].as_i64(), message.get("method")) {
                let answer = match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].take()),
                };
                return (id, answer);
            }
            self.notifications.push_back(message);
        }
    }

    /// Waits for a notification or request of the server; those before it are forgotten.
    pub fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.notifications.pop_front() {
                Some(message) if wanted(&message) => return message,
                Some(_) => {}
                None => {
                    let message = self.receive_any().expect("the server says nothing");
                    self.notifications.push_back(message);
                }
            }
        }
    }

    /// A request about a place: line and column from 0.
    pub fn at(&mut self, method: &str, name: &str, line: u32, column: u32) -> Value {
        let params = json!({
            "textDocument": { "uri": self.uri(name) },
            "position": { "line": line, "character": column },
        });
        self.request(method, &params)
    }

    pub fn open(&mut self, name: &str, text: &str) {
        self.versions += 1;
        let (uri, version) = (self.uri(name), self.versions);
        let document = json!({ "uri": uri, "languageId": "mcl", "version": version, "text": text });
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    pub fn close(&mut self, name: &str) {
        let params = json!({ "textDocument": { "uri": self.uri(name) } });
        self.notify("textDocument/didClose", &params);
    }

    /// Changes a document, wholly if there is no range.
    pub fn change(&mut self, name: &str, range: Option<[u32; 4]>, text: &str) {
        self.versions += 1;
        let mut change = json!({ "text": text });
        if let Some([line, column, end_line, end_column]) = range {
            change["range"] = json!({
                "start": { "line": line, "character": column },
                "end": { "line": end_line, "character": end_column },
            });
        }
        let document = json!({ "uri": self.uri(name), "version": self.versions });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.notify("textDocument/didChange", &params);
    }

    /// Waits for diagnostics of a file that are as wanted, and gives their codes with the lines.
    pub fn wait_for_diagnostics(
        &mut self,
        name: &str,
        mut wanted: impl FnMut(&[Value]) -> bool,
    ) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            let message = self.next_notification();
            let params = &message["params"];
            if message["method"] == "textDocument/publishDiagnostics" && params["uri"] == uri {
                let list = params["diagnostics"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                if wanted(&list) {
                    return list;
                }
            }
        }
    }

    /// The notifications and requests of the server that have come so far and were not waited for.
    pub fn notifications(&mut self) -> Vec<Value> {
        self.notifications.drain(..).collect()
    }

    /// The next of them, once it is there.
    pub fn next_notification(&mut self) -> Value {
        self.try_next_notification()
            .expect("the server says nothing")
    }

    /// The same, for those who have more to say if there is none in time.
    pub fn try_next_notification(&mut self) -> Option<Value> {
        match self.notifications.pop_front() {
            Some(message) => Some(message),
            None => self.try_receive(),
        }
    }

    /// How much memory the server takes, in kB.
    pub fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line
            .and_then(|line| line.split_whitespace().nth(1))
            .unwrap();
        number.parse().unwrap()
    }

    /// Ends it in order.
    pub fn stop(mut self) -> ExitStatus {
        self.request("shutdown", &Value::Null);
        self.notify("exit", &Value::Null);
        self.wait()
    }

    /// Goes away without a word.
    pub fn vanish(mut self) -> ExitStatus {
        self.to = None;
        self.wait()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "the server does not end");
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn send(&mut self, message: &Value) {
        (self.listener)(Side::Client, message);
        let text = message.to_string();
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    /// Sends what need be no message.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let to = self.to.as_mut().unwrap();
        to.write_all(bytes).unwrap();
        to.flush().unwrap();
    }

    /// The next message, whatever it is, unheard by the listener.
    #[allow(dead_code, reason = "the benchmark asks nothing odd")]
    pub fn next_message(&mut self) -> Value {
        let message = self.messages.recv_timeout(DEADLINE);
        message.expect("the server says nothing")
    }

    /// The next answer or notification.
    fn receive(&mut self) -> Value {
        self.try_receive().expect("the server says nothing")
    }

    fn try_receive(&mut self) -> Option<Value> {
        loop {
            let message = self.receive_any()?;
            if message.get("method").is_none() || message.get("id").is_none() {
                return Some(message);
            }
            self.notifications.push_back(message);
        }
    }

    /// The next message, if it comes in time. What it asks of the client is granted.
    fn receive_any(&mut self) -> Option<Value> {
        let message = self.messages.recv_timeout(DEADLINE).ok()?;
        (self.listener)(Side::Server, &message);
        if message.get("method").is_some() && message.get("id").is_some() {
            let id = message["id"].clone();
            let result = match message["method"].as_str() {
                Some("window/showDocument") => json!({ "success": true }),
                Some("workspace/configuration") => json!([self.settings]),
                _ => Value::Null,
            };
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        }
        Some(message)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What has no parameters is said without.
fn message(method: &str, params: &Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    if !params.is_null() {
        message["params"] = params.clone();
    }
    message
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn folder(files: &[(&str, &str)]) -> Arc<TempDir> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Arc::new(dir)
}

/// The messages that come.
fn hear(from: impl Read + Send + 'static) -> Receiver<Value> {
    let (sender, messages) = channel();
    thread::spawn(move || read(from, &sender));
    messages
}

fn read(from: impl Read, sender: &Sender<Value>) {
    let mut stdout = BufReader::new(from);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", n)) => length = n.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        stdout.read_exact(&mut body).unwrap();
        if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
            return;
        }
    }
}
