//! What the user sees.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::Client;

/// The diagnostics that the server has sent last, by the address of the file.
#[derive(Default)]
pub struct Screen(BTreeMap<String, Value>);

impl Screen {
    /// Takes notice of what has been sent.
    pub fn hear(&mut self, client: &mut Client) {
        for message in client.notifications() {
            self.see(message);
        }
    }

    /// Waits until a file has these diagnostics.
    pub fn wait(
        &mut self,
        client: &mut Client,
        name: &str,
        wanted: &Value,
        what: impl Fn() -> String,
    ) {
        self.hear(client);
        let uri = client.uri(name);
        while self.0.get(&uri) != Some(wanted) {
            match client.try_next_notification() {
                Some(message) => self.see(message),
                None => panic!(
                    "{name} has {wanted}, but what is shown is {:?}\n{}",
                    self.0.get(&uri),
                    what()
                ),
            }
        }
    }

    fn see(&mut self, mut message: Value) {
        if message["method"] == "textDocument/publishDiagnostics" {
            let params = &mut message["params"];
            let uri = params["uri"].as_str().unwrap().to_owned();
            self.0.insert(uri, params["diagnostics"].take());
        }
    }
}
