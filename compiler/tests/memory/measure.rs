//! How much memory a running program takes for each node of its function graph.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use mgmt_compiler::evaluator::{Evaluator, Step};
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::{Input, Options, compile};
use mgmt_stdlib::catalog::Catalog;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What one program takes.
pub struct Usage {
    pub program: &'static str,
    pub nodes: usize,
    /// Of the nodes and all that keeps them: what goes when the evaluator goes.
    pub node_bytes: usize,
    pub resources: usize,
    /// Of the resource graph, which is left.
    pub resource_bytes: usize,
}

impl Usage {
    pub fn bytes_per_node(&self) -> usize {
        self.node_bytes / self.nodes
    }

    pub fn bytes_per_resource(&self) -> usize {
        self.resource_bytes / self.resources.max(1)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<46} {:>6} nodes of {:>3} bytes, {:>5} resources of {:>4} bytes",
            self.program,
            self.nodes,
            self.bytes_per_node(),
            self.resources,
            self.bytes_per_resource(),
        )
    }
}

/// Programs of the shapes that programs have, each large enough for the average to mean something.
pub fn usages() -> Vec<Usage> {
    let catalog = Catalog::standard().expect("no duplicates");
    [
        ("binds", binds()),
        ("resources", resources()),
        ("resources that depend on each other", dependent_resources()),
        ("class, included often", class()),
        ("for over 10,000 elements", FOR.to_owned()),
        ("forkv over 1,000 keys", forkv()),
        (
            "iter.map and iter.filter over 10,000 elements",
            ITER.to_owned(),
        ),
    ]
    .map(|(program, text)| usage(&catalog, program, &text))
    .into()
}

fn usage(catalog: &Catalog, program: &'static str, text: &str) -> Usage {
    let input = Input::Text {
        name: "memory.mcl".to_owned(),
        text: format!("import \"fmt\"\nimport \"iter\"\n{text}"),
        base: PathBuf::from("/"),
    };
    let files = MemoryFiles::default();
    let compilation = compile(&input, &files, catalog, &Options::default());
    let Some(compiled) = compilation.program else {
        panic!("{:#?}", compilation.diagnostics)
    };
    let before = MEMORY.current_usage();
    let mut evaluator = Evaluator::new(Arc::clone(&compiled));
    let Ok(Step::Graph(graph)) = evaluator.stabilize() else {
        panic!("{program} gives no graph")
    };
    let nodes = evaluator.live_nodes();
    let all = MEMORY.current_usage() - before;
    drop(evaluator);
    let resource_bytes = MEMORY.current_usage() - before;
    Usage {
        program,
        nodes,
        node_bytes: all - resource_bytes,
        resources: graph.len(),
        resource_bytes,
    }
}

fn binds() -> String {
    let mut text = String::from("$v0 = 1\n");
    for i in 1..=10_000 {
        let _ = writeln!(text, "$v{i} = $v{} + {i}", i - 1);
    }
    text.push_str("test \"sum\" { int64 => $v10000, }\n");
    text
}

fn resources() -> String {
    let mut text = String::new();
    for i in 0..10_000 {
        let _ = writeln!(
            text,
            "file \"/srv/www/site-{i}/index.html\" {{ state => $const.res.file.state.exists, content => fmt.printf(\"site %d\\n\", {i}), mode => \"0644\", owner => \"root\", }}"
        );
    }
    text
}

fn dependent_resources() -> String {
    let mut text = String::from("noop \"n0\" {}\n");
    for i in 1..=10_000 {
        let _ = writeln!(text, "noop \"n{i}\" {{ Depend => Noop[\"n{}\"], }}", i - 1);
    }
    text
}

fn class() -> String {
    let mut text = String::from(
        "class site($name, $port) {\n\t$root = \"/srv/www/${name}\"\n\tfile \"${root}/\" { state => \"exists\", }\n\tfile \"${root}/port\" {\n\t\tstate => \"exists\",\n\t\tcontent => fmt.printf(\"%s listens on %d\\n\", $name, $port + 1000),\n\t\tDepend => File[\"${root}/\"],\n\t}\n}\n",
    );
    for i in 0..2_000 {
        let _ = writeln!(text, "include site(\"site-{i}\", {i})");
    }
    text
}

const FOR: &str = "for $i, $v in iter.range(10000) {\n\t$w = $v + $i\n\tif $w < 0 {\n\t\ttest \"never\" {}\n\t}\n}\n";

fn forkv() -> String {
    let mut text = String::from("$users = {\n");
    for i in 0..1_000 {
        let _ = writeln!(text, "\t\"user-{i}\" => {i},");
    }
    text.push_str("}\nforkv $name, $uid in $users {\n\ttest \"${name}\" { int64 => $uid + 1000, anotherstr => \"/home/${name}\", }\n}\n");
    text
}

const ITER: &str = "$all = iter.map(iter.range(10000), func($x) { $x * 2 + 1 })\n$some = iter.filter($all, func($x) { $x > 9000 })\ntest \"some\" { int64 => len($some), }\n";
