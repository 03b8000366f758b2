//! How fast a long file is split, parsed and formatted, in bytes a second.

use std::fmt::Write;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use mgmt_grammar::span::SourceId;
use mgmt_grammar::{format, parse};

fn main() {
    divan::main();
}

/// An ordinary program of about this many lines.
fn program(lines: usize) -> String {
    let mut text = String::from("import \"fmt\"\nimport \"golang/strings\"\n\n");
    for number in 0..lines / 20 {
        let _ = write!(
            text,
            r#"# the motd of site {number}
$site{number} = struct{{name => "site{number}", port => 80{number}, tls => true}}
$list{number} []str = ["/tmp/a{number}", "/tmp/b{number}", "/tmp/c{number}"]

class site:c{number}($name str, $count int) {{
	file "/etc/site${{name}}.conf" {{
		state => "exists",
		content => fmt.printf("%s has %d entries\n", $name, $count + 1),
		mode => $site{number}->mode <|> "u=rw,go=r",

		Meta:noop => $count > 10 and not $site{number}->tls,
		Before => Svc["site"],
	}}
	for $i, $path in $list{number} {{
		file $path {{
			content => if $i == 0 {{ "first" }} else {{ strings.to_lower($path) }},
		}}
	}}
}}
include site.c{number}("x", len($list{number}))
"#
        );
    }
    text
}

#[divan::bench(args = [1_000, 100_000])]
fn parse_lines(bencher: Bencher<'_, '_>, lines: usize) {
    let text = program(lines);
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let parsed = parse(SourceId(0), black_box(&text));
        assert!(parsed.errors.is_empty());
        parsed
    });
}

#[divan::bench(args = [100_000])]
fn format_lines(bencher: Bencher<'_, '_>, lines: usize) {
    let text = program(lines);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| format::format(black_box(&text)));
}
