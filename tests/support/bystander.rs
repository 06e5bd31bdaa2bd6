//! A well-behaved client beside whatever a test does: it types into a terminal and sees the echo.

#![allow(dead_code)] // Every test binary uses another part of it.

use serde_json::json;

use super::client::Client;
use super::serving::Serving;

/// See the module's documentation.
pub(crate) struct Bystander {
    client: Client,
    terminal: u64,
    lines: u64,
}

impl Bystander {
    /// One that is attached to a terminal of its own.
    pub(crate) fn new(serving: &Serving) -> Self {
        let terminal = serving.spawn(&["cat"], false);
        let fields = json!({"client": "bystander", "attach": [{"terminal": terminal}]});
        let (client, _) = Client::hello(serving.address, &serving.token, fields);
        Bystander { client, terminal, lines: 0 }
    }

    /// Types a line, and sees it twice: from the terminal and from the program.
    pub(crate) fn echoes(&mut self) {
        self.lines += 1;
        let line = format!("line {}", self.lines);
        self.client.type_in(self.terminal, format!("{line}\n").as_bytes());
        let shown = format!("{line}\r\n{line}\r\n");
        let output = self.client.read_until(self.terminal, shown.as_bytes());
        assert_eq!(output, shown.as_bytes());
    }
}
