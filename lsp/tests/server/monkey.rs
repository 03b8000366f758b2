//! A monkey at the keyboard of an editor: for a while it edits the files of a program at random and asks what comes
//! to its mind. Now and then all must be as in an editor that was opened a moment ago, and the server may not grow.
//!
//! It works for half a minute, or for as many seconds as `MGMT_MONKEY_SECONDS` says; `MGMT_SEED` repeats a run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chance::{Dice, corpus, floor, setting};
use crate::client::Client;
use crate::robust::ask;
use crate::screen::Screen;

const FILES: [&str; 3] = ["main.mcl", "a.mcl", "lib/b.mcl"];
const HEAD: &str = "import \"a.mcl\"\nimport \"lib/b.mcl\" as b\n";
/// A text that has grown to this many bytes is begun anew.
const LARGE: usize = 4000;
const TYPED: [&str; 16] = [
    "",
    "$",
    "{",
    "}",
    "\"",
    "\n",
    "x",
    " ",
    "=> ",
    "😀",
    "${",
    "(",
    ")",
    "b.",
    "[",
    "class c {\n",
];

/// A text in the editor, with what it was before.
struct Document {
    name: &'static str,
    text: String,
    before: String,
}

struct Monkey {
    client: Client,
    dice: Dice,
    corpus: Vec<String>,
    documents: Vec<Document>,
    screen: Screen,
}

impl Monkey {
    fn edit(&mut self) {
        let i = self.dice.below(self.documents.len());
        if self.documents[i].text.len() > LARGE || self.dice.below(200) == 0 {
            let text = self.dice.of(&self.corpus).clone();
            let head = if i == 0 { HEAD } else { "" };
            let text = format!("{head}{text}");
            self.client.change(FILES[i], None, &text);
            let document = &mut self.documents[i];
            document.before = std::mem::replace(&mut document.text, text);
            return;
        }
        let text = &self.documents[i].text;
        let start = self.dice.offset(text);
        let length = self.dice.below(6);
        let end = floor(text, (start + length).min(text.len()));
        let (range, new) = match self.dice.below(10) {
            // A line goes, or comes again.
            0 => (line_of(text, start), String::new()),
            1 => {
                let line = line_of(text, start);
                (line.start..line.start, text[line].to_owned())
            }
            // Something is pasted.
            2 => {
                let from = self.dice.of(&self.corpus);
                let start = self.dice.offset(from);
                let end = floor(from, (start + self.dice.below(150)).min(from.len()));
                let at = self.dice.offset(text);
                (at..at, from[start..end].to_owned())
            }
            // The last edit is undone.
            3 => (0..text.len(), self.documents[i].before.clone()),
            _ => (start..end, (*self.dice.of(&TYPED)).to_owned()),
        };
        let document = &mut self.documents[i];
        let [start, end] = [range.start, range.end].map(|at| place(&document.text, at));
        let name = document.name;
        document.before.clone_from(&document.text);
        document.text.replace_range(range, &new);
        self.client
            .change(name, Some([start.0, start.1, end.0, end.1]), &new);
    }

    fn ask(&mut self) {
        let document = &self.documents[self.dice.below(self.documents.len())];
        let (line, column) = place(&document.text, self.dice.offset(&document.text));
        ask(&mut self.client, document.name, line, column);
    }

    /// What is wrong is what a server finds that knows nothing of the edits, and what the user has been told.
    fn compare(&mut self) {
        let mut fresh = Client::join(&self.client, utf8());
        for document in &self.documents {
            fresh.open(document.name, &document.text);
        }
        for name in FILES {
            let uri = self.client.uri(name);
            let params = json!({ "textDocument": { "uri": uri } });
            let wanted = fresh.request("textDocument/diagnostic", &params)["items"].take();
            let found = self.client.request("textDocument/diagnostic", &params)["items"].take();
            assert_eq!(found, wanted, "{}", texts(&self.documents));
            self.screen
                .wait(&mut self.client, name, &wanted, || texts(&self.documents));
        }
        assert!(fresh.stop().success());
    }
}

fn texts(documents: &[Document]) -> String {
    let texts = documents.iter();
    let texts = texts.map(|it| format!("-- {} --\n{}\n", it.name, it.text));
    texts.collect()
}

fn utf8() -> Value {
    json!({ "general": { "positionEncodings": ["utf-8"] } })
}

fn line_of(text: &str, at: usize) -> std::ops::Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let end = text[at..].find('\n').map_or(text.len(), |it| at + it + 1);
    start..end
}

/// Line and column in bytes. A lone carriage return ends a line, too.
fn place(text: &str, at: usize) -> (u32, u32) {
    let ends = |i: usize| match text.as_bytes()[i] {
        b'\n' => true,
        b'\r' => text.as_bytes().get(i + 1) != Some(&b'\n'),
        _ => false,
    };
    let line = (0..at).filter(|i| ends(*i)).count();
    let start = (0..at).rev().find(|i| ends(*i)).map_or(0, |i| i + 1);
    (line as u32, (at - start) as u32)
}

fn median(values: &[u64]) -> u64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    values[values.len() / 2]
}

#[test]
fn a_monkey_does_no_harm() {
    let seconds = setting("MGMT_MONKEY_SECONDS").unwrap_or(30);
    let seed = setting("MGMT_SEED").unwrap_or(seconds) as u64;
    let client = Client::start_with(&[], utf8());
    let documents = FILES.map(|name| Document {
        name,
        text: String::new(),
        before: String::new(),
    });
    let mut monkey = Monkey {
        client,
        dice: Dice(seed),
        corpus: corpus(),
        documents: documents.into(),
        screen: Screen::default(),
    };
    for name in FILES {
        monkey.client.open(name, "");
    }
    let end = Instant::now() + Duration::from_secs(seconds as u64);
    let mut edits = 0;
    let mut memory = Vec::new();
    while Instant::now() < end || memory.len() < 6 {
        for _ in 0..50 {
            monkey.edit();
            if monkey.dice.below(10) == 0 {
                monkey.ask();
            }
            monkey.screen.hear(&mut monkey.client);
        }
        edits += 50;
        monkey.compare();
        memory.push(monkey.client.resident());
    }
    let third = memory.len() / 3;
    let (middle, last) = (
        median(&memory[third..2 * third]),
        median(&memory[2 * third..]),
    );
    println!("{edits} edits with seed {seed}; resident {middle} kB, later {last} kB");
    assert!(last < middle + middle / 5 + 2048, "{memory:?}");
    assert!(monkey.client.stop().success());
}

#[test]
fn ten_thousand_edits_leave_nothing_behind() {
    let block =
        "func f($a) {\n\t$a + 1\n}\n$x = f(1)\nfile \"/${x}\" {\n\tstate => \"exists\",\n}\n";
    let lines: String = (0..20)
        .map(|i| {
            block
                .replace("f(", &format!("f{i}("))
                .replace("$x", &format!("$x{i}"))
        })
        .collect();
    let mut client = Client::start(&[]);
    client.open("a.mcl", &lines);
    let mut resident = Vec::new();
    for i in 0..10_000 {
        let text = if i % 2 == 0 { "1 + 1" } else { "1" };
        let end = if i % 2 == 0 { 7 } else { 11 };
        client.change("a.mcl", Some([1, 6, 1, end]), text);
        if i % 100 == 99 {
            client.at("textDocument/hover", "a.mcl", 3, 1);
            client.notifications();
            resident.push(client.resident());
        }
    }
    let (early, late) = (median(&resident[10..30]), median(&resident[80..]));
    println!("resident {early} kB after 2,000 edits, {late} kB after 9,000");
    assert!(late < early + early / 10 + 1024, "{resident:?}");
}
