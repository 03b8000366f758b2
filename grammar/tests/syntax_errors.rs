//! Every place of the grammar with a token that can not stand there (language.md §2.7): there is one error, and
//! it is on the line of that token.

use mgmt_grammar::span::{LineIndex, SourceId};
use mgmt_grammar::{SyntaxErrorKind, TokenKind, parse};

/// `§` stands before the offending token.
const PLACES: &[&str] = &[
    // The start of a statement, and its end.
    "§=> 1\n",
    "§42\n",
    "if true {\n\t§=> 1\n}\n",
    "$x = 1 §$y\n",
    "$x = $y §$z\n",
    "$x = f() §2\n",
    "$x = $s->f §2\n",
    "import \"x\" §2\n",
    // Names.
    "$§1 = 2\n",
    "$x = $a.§1\n",
    "$x = f.§1\n",
    "include §1\n",
    "include c.§1\n",
    "$x §1\n",
    "$x int §1\n",
    "$x = foo §1\n",
    // Where an expression must start.
    "$x = §)\n",
    "$x = §\n",
    "$x = (§)\n",
    "$x = [§=> 1]\n",
    "$x = [\n\t§=>,\n]\n",
    "$x = {§=> 1}\n",
    "$x = {\n\t§=> 1,\n}\n",
    "$x = 1 + §\n",
    "$x = {1 => §}\n",
    "file \"x\" {\n\ta => $c ?: §,\n}\n",
    "$x = 1 <|> §\n",
    "$x = $y[§]\n",
    "$x = [1, §=>]\n",
    "$x = {1 => 2, §}\n",
    "$x = f(1, §=>)\n",
    "$x = not §\n",
    // Calls.
    "$x = f(§=>)\n",
    "$x = f(\n\t§=>,\n)\n",
    "$x = f(\n\t1,\n\t§=>,\n)\n",
    "$x = f(1 §=> 2)\n",
    "include c(§=>)\n",
    "panic(§=>)\n",
    "$x = $f(1 §=> 2)\n",
    "$x = func() { 1 }(§=>)\n",
    "$x = f(\n\t1§\n)\n",
    "$x = [\n\t1§\n]\n",
    "$x = {\n\t1 => 2§\n}\n",
    "$x = struct{\n\ta => 1§\n}\n",
    "$x = [\n\t1, §2,\n]\n",
    "$x = [1 §=> 2]\n",
    "$x = {1 §}\n",
    "$x = {1 => 2 §=> 3}\n",
    // Structs.
    "$x = struct §1\n",
    "$x = struct{§1}\n",
    "$x = struct{\n\t§1,\n}\n",
    "$x = struct{\n\ta => 1,\n\t§1,\n}\n",
    "$x = struct{a §1}\n",
    "$x = struct{a => 1 §b}\n",
    "$x = struct{a => 1, §2}\n",
    // Brackets, conditions, names of resources.
    "$x = (1 §2)\n",
    "$x = $y[1 §2]\n",
    "if $c §2 {\n}\n",
    "for $i, $v in $l §2 {\n}\n",
    "file \"x\" §2 {\n}\n",
    "$x = $y-> §1\n",
    "$x = 1 < 2 §< 3\n",
    "$x = 1 == 2 §!= 3\n",
    "$x = 1 in $l §in $m\n",
    // Functions.
    "$x = func §1\n",
    "$x = func(§1) { 1 }\n",
    "$x = func($a §1) { 1 }\n",
    "$x = func(\n\t§1,\n) { 1 }\n",
    "$x = func(\n\t$a,\n\t§1,\n) { 1 }\n",
    "$x = func($a, §1) { 1 }\n",
    "$x = func(\n\t$a§\n) { 1 }\n",
    "$x = func(\n\t$a, §$b,\n) { 1 }\n",
    "$x = func() §1\n",
    "$x = func() int §1\n",
    "$x = func() { §=> }\n",
    "$x = func() { 1 §2 }\n",
    "$x = func() {\n\t1\n\t§2\n}\n",
    "$x = if $c { 1 §2 } else { 3 }\n",
    "$x = if $c { 1 } else { 2 §3 }\n",
    "$x = if $c { 1 } §2\n",
    "$x = if $c { 1 }§\n",
    "$x = if $c { 1 } else §2\n",
    "if $c {\n} else §2\n",
    "if $c {\n} §2\n",
    "if true { $x = 1 §}\n",
    // Loops.
    "for §1\n",
    "for $i, §1\n",
    "for $i §in $l {\n}\n",
    "for $i, $v §$l {\n}\n",
    "forkv §1\n",
    // Definitions.
    "func §(1) { 1 }\n",
    "func f §1\n",
    "func f(§1) { 1 }\n",
    "class §{\n}\n",
    "class a:§1 {\n}\n",
    "class c §1\n",
    "class c($a §1) {\n}\n",
    "class c() §1\n",
    "collect §1\n",
    "include c as §1\n",
    "include c §1\n",
    "include c() §1\n",
    "kind:§1 \"x\" {\n}\n",
    "import §1\n",
    "import \"x\" as §1\n",
    "panic §1\n",
    // Resources.
    "kind §=> 1\n",
    "collect kind §=> 1\n",
    "file \"x\" {\n\t§1,\n}\n",
    "file \"x\" {\n\ta §1,\n}\n",
    "file \"x\" {\n\ta => 1§\n}\n",
    "file \"x\" { a => 1 §}\n",
    "file \"x\" {\n\ta => 1 §2,\n}\n",
    "file \"x\" {\n\ta => $c ?: 1§\n}\n",
    "file \"x\" {\n\tMeta:noop => true§\n}\n",
    "file \"x\" {\n\tMeta => $s§\n}\n",
    "file \"x\" {\n\tBefore => $c §2,\n}\n",
    "file \"x\" {\n\tBefore §1,\n}\n",
    "file \"x\" {\n\tMeta:§1 => 1,\n}\n",
    "file \"x\" {\n\tMeta:noop §1,\n}\n",
    "file \"x\" {\n\tBefore => File §1,\n}\n",
    "file \"x\" {\n\tBefore => File[\"x\"] §1,\n}\n",
    "file \"x\" {\n\tBefore => $c ?: File[\"x\"] §1,\n}\n",
    // Edges.
    "File §1\n",
    "File[\"x\"] -> Svc §1\n",
    "File:§x[\"x\"]\n",
    "File[\"x\"] -> §1\n",
    "File[\"x\"].f -> §1\n",
    "File[\"x\" §2]\n",
    "File[\"x\"] §1\n",
    "File[\"x\"] -> Svc[\"y\"] §1\n",
    "File[\"x\"].f §1\n",
    "File[\"x\"].§1\n",
    "File[\"x\"].f -> Svc[\"y\"] §1\n",
    // Types.
    "$x [§int = 1\n",
    "$x []§= 1\n",
    "$x map{§1: int} = $y\n",
    "$x map{str: §1} = $y\n",
    "$x struct{a §1} = $y\n",
    "$x func(int, §1) int = $y\n",
    "$x func(int) §= $y\n",
    "$x map §1 = $y\n",
    "$x struct §1 = $y\n",
    "$x map{str §1} = $y\n",
    "$x map{str: int §1} = $y\n",
    "$x struct{§1} = $y\n",
    "$x struct{a int §1} = $y\n",
    "$x struct{a int; §1} = $y\n",
    "$x func §1 = $y\n",
    "$x func(§1) int = $y\n",
    "$x func(int §1) int = $y\n",
    "$x func(\n\t§1,\n) int = $y\n",
    "$x func(\n\tint §1,\n) int = $y\n",
    "$x func(\n\tint, §str,\n) int = $y\n",
    // The special messages.
    "$§x == 1\n",
    "file \"x\" {\n\ta => 1§\n\tb => 2,\n}\n",
    // Newlines where there must be none.
    "$x = 1 +§\n",
    "$x = (§\n1)\n",
    "$x = [1,§\n2]\n",
    "$x = $y[§\n1]\n",
    "file \"x\" {\n\ta =>§\n1,\n}\n",
    "File[\"x\"] ->§\nSvc[\"y\"]\n",
    // Reserved words that are no names.
    "$§str = 1\n",
    "$x = $§in\n",
    "$x = §panic(1)\n",
    "func §map() { 1 }\n",
    "$x = $s->§collect\n",
    "file \"x\" {\n\t§class => 1,\n}\n",
    "$x = struct{§as => 1}\n",
    // Other errors of the parser (§2.8).
    "file \"x\" {\n\t§Foo => 1,\n}\n",
    "file \"x\" {\n\t§Foo:x => 1,\n}\n",
    "$x int = §\"a\"\n",
    "$x str = §{1 => 2}\n",
    "$x map{[]str: int} = §{}\n",
    "$x struct{a int; §a int} = $y\n",
    "$x func($a int, §$a int) int = $y\n",
];

#[test]
fn are_reported_once_and_on_their_line() {
    let mut wrong = Vec::new();
    for place in PLACES {
        let offset = place.find('§').expect("every text has its mark") as u32;
        let text = place.replace('§', "");
        let index = LineIndex::new(&text);
        let errors = parse(SourceId(0), &text).errors;
        let [error] = errors.as_slice() else {
            wrong.push(format!("{place:?}: {errors:?}"));
            continue;
        };
        let exactly =
            !matches!(error.kind, SyntaxErrorKind::Unexpected { .. }) || error.span.start == offset;
        if !exactly || index.line(error.span.start) != index.line(offset) {
            wrong.push(format!("{place:?}: {error:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const PROGRAM: &str = r#"import "fmt"
import "golang/strings" as s

# comment
$name = "site"
$site = struct{name => "x", port => 80, tls => true}
$paths []str = ["/tmp/a", "/tmp/b"]
$table map{str: int} = {
	"a" => 1,
	"b" => 2,
}

func twice($x int) int {
	$x * 2
}

class site:main($name str, $count int) {
	file "/etc/site.conf" {
		state => "exists",
		content => fmt.printf("%s has %d entries\n", $name, $count + 1),
		mode => $site->mode <|> "u=rw,go=r",

		Meta:noop => $count > 10 and not $site->tls,
		Before => Svc["site"],
	}
	for $i, $path in $paths {
		file $path {
			content => if $i == 0 { "first" } else { s.to_lower($path) },
		}
	}
	if $count < 3 {
		$y = 4
	} else {
		include other($y, 2) as o
	}
	File["/etc/site.conf"] -> Svc["site"]
}
include site.main("x", len($paths))
$z = f(
	func($a) { $a + 1 },
	[1, 2, 3],
)
panic($z)
"#;

/// One token too few or too many, anywhere in an ordinary program, is one message: not none, and hardly ever
/// more than one.
#[test]
fn one_mistake_is_one_message() {
    assert_eq!(parse(SourceId(0), PROGRAM).errors, []);
    let tokens: Vec<_> = logos::Lexer::<TokenKind>::new(PROGRAM)
        .spanned()
        .filter(|(kind, _)| *kind != Ok(TokenKind::Comment))
        .map(|(_, range)| range)
        .collect();
    for (inserted, most) in [
        ("", 10),
        ("$x ", 2),
        ("foo ", 6),
        ("= ", 4),
        (", ", 4),
        ("( ", 12),
        (") ", 15),
        ("[ ", 20),
        ("{ ", 50),
        ("} ", 15),
        ("\" ", 20),
        ("? ", 2),
    ] {
        let mut several = Vec::new();
        for range in &tokens {
            let rest = if inserted.is_empty() {
                range.end
            } else {
                range.start
            };
            let text = format!("{} {inserted}{}", &PROGRAM[..range.start], &PROGRAM[rest..]);
            let errors = parse(SourceId(0), &text).errors;
            if errors.len() > 1 {
                several.push(format!("{errors:?}\n{text}"));
            }
        }
        assert!(
            several.len() <= most,
            "{inserted:?}: {} times:\n{}",
            several.len(),
            several.join("\n")
        );
    }
}
