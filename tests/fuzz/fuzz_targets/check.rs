//! Any text can be checked and, if it is right, evaluated; what is reported can be shown.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mgmt_compiler::evaluator::Evaluator;
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::render::{MessageFormat, Terminal, render};
use mgmt_compiler::{Input, Options, compile};
use mgmt_stdlib::catalog::Catalog;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::standard().expect("no duplicates"));

fuzz_target!(|text: &str| {
    let files = MemoryFiles::default().with(
        "/lib.mcl",
        "import \"fmt\"\n$x = 1\nfunc f($a) { $a }\nclass c($p) {\n\ttest \"${p}\" {}\n}\n",
    );
    let input = Input::Text {
        name: "fuzz.mcl".to_owned(),
        text: text.to_owned(),
        base: PathBuf::from("/"),
    };
    let compilation = compile(&input, &files, &CATALOG, &Options::default());
    render(
        MessageFormat::Human,
        &[compilation.findings()],
        Terminal::PLAIN,
    );
    if let Some(program) = compilation.program {
        let _ = Evaluator::new(program).stabilize();
    }
});
