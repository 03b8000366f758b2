//! What the template language does, rule by rule.

mod printf;
mod rules;

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::catalog::FunctionDef;
use crate::functions;

/// Some functions of the library, enough to see how they are called.
struct Few(Vec<FunctionDef>);

static LIBRARY: LazyLock<Few> = LazyLock::new(|| {
    let wanted = [
        "strings.join_nonempty",
        "math.pow",
        "strings.substr",
        "net.url_parser",
    ];
    let mut all = functions::all();
    all.retain(|function| wanted.contains(&function.full_name().as_str()));
    Few(all)
});

impl Library for Few {
    fn find(&self, name: &str) -> Option<&FunctionDef> {
        self.0.iter().find(|function| function.name == name)
    }

    fn call(&self, function: &FunctionDef, args: &[Value]) -> CallResult {
        match function.implementation {
            crate::catalog::Implementation::Pure(call) => call(args),
            ref other => panic!("{other:?}"),
        }
    }
}

fn render(template: &str, vars: Option<&Value>) -> Result<String, TemplateError> {
    let library = &*LIBRARY;
    let text = Template::parse(template.as_bytes(), library)?.render(vars, library)?;
    Ok(String::from_utf8(text).unwrap())
}

/// Renders with a struct that has a field of each type.
fn text(template: &str) -> String {
    render(template, Some(&sample())).unwrap_or_else(|error| panic!("{template}: {error}"))
}

fn error(template: &str) -> String {
    render(template, Some(&sample())).unwrap_err().to_string()
}

fn strings(values: &[&str]) -> Value {
    Value::list(values.iter().map(|value| Value::from(*value)))
}

fn map<K: Into<Value>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Value {
    let entries = entries
        .into_iter()
        .map(|(key, value)| (key.into(), value.into()));
    Value::Map(entries.collect())
}

fn sample() -> Value {
    let inner = Value::Struct([("load_avg", Value::Float(1.5))].into_iter().collect());
    Value::Struct(
        [
            ("yes", Value::Bool(true)),
            ("no", Value::Bool(false)),
            ("n", Value::Int(3)),
            ("x", Value::Float(2.5)),
            ("s", Value::from("a<b")),
            ("empty", Value::list([])),
            ("list", strings(&["a", "b", "c"])),
            ("m", map([("k2", 2), ("k1", 1)])),
            ("ints", map([(10, "ten"), (9, "nine")])),
            ("inner", inner),
        ]
        .into_iter()
        .collect(),
    )
}

/// A struct of the given fields.
fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Struct(fields.into_iter().collect())
}

fn ints(values: &[i64]) -> Value {
    Value::list(values.iter().map(|value| Value::Int(*value)))
}

/// A struct with values of many types.
fn many() -> Value {
    let pair = |a: i64, b: &str| fields([("a", a.into()), ("b", b.into())]);
    fields([
        ("n", 3.into()),
        ("x", 2.5.into()),
        ("s", "a<b".into()),
        ("yes", true.into()),
        ("no", false.into()),
        ("empty", strings(&[])),
        ("list", strings(&["a", "b", "c"])),
        ("ints", ints(&[5, -6])),
        ("m", map([("k1", 1), ("k2", 2)])),
        ("mi", map([(10, "ten"), (9, "nine")])),
        (
            "inner",
            fields([("load_avg", 1.5.into()), ("l", ints(&[7, 8]))]),
        ),
        ("structs", Value::list([pair(1, "x"), pair(2, "y")])),
        ("nest", Value::list([ints(&[1]), ints(&[])])),
    ])
}

/// Renders each row with these.
fn check_with_types(cases: &[(&str, &str)]) {
    let vars = many();
    for (template, expected) in cases {
        let rendered = render(template, Some(&vars));
        assert_eq!(rendered.as_deref(), Ok(*expected), "{template}");
    }
}

fn check(cases: &[(&str, &str)]) {
    for (template, expected) in cases {
        assert_eq!(text(template), *expected, "{template}");
    }
}

fn check_errors(cases: &[(&str, &str)]) {
    for (template, expected) in cases {
        let found = error(template);
        assert!(found.contains(expected), "{template}: {found}");
    }
}

#[test]
fn text_and_trimming() {
    check(&[
        ("a }} b", "a }} b"),
        ("a \n{{- 1 -}}\t b", "a1b"),
        ("{{-3}}", "-3"),
        ("a{{/* one\n\" */}}b", "ab"),
        ("a {{- /* c */ -}} b", "ab"),
        ("{{\n1\n}}", "1"),
        ("{{`a\nb`}}", "a\nb"),
        ("a  {{-  1  -}}  b", "a1b"),
    ]);
    check_errors(&[
        ("{{ /* x */ }}", "unexpected '/' in command"),
        ("{{1-}}", "bad number syntax"),
        ("{{/* x }}", "unclosed comment"),
        ("{{/* x */ }}", "comment ends before closing delimiter"),
        ("{{ .N ", "unclosed action"),
        ("{{\"a\nb\"}}", "unterminated quoted string"),
    ]);
}

#[test]
fn conditions() {
    check(&[
        ("{{if .Yes}}A{{end}}", "A"),
        ("{{if .No}}A{{else}}B{{end}}", "B"),
        ("{{if .No}}A{{else if .N}}B{{else}}C{{end}}", "B"),
        ("{{with .Inner}}{{.Load_avg}}{{end}}", "1.5"),
        ("{{with .Empty}}A{{else}}{{.N}}{{end}}", "3"),
        ("{{with .No}}A{{else with .S}}{{.}}{{end}}", "a<b"),
        ("{{if $x := .N}}{{$x}}{{end}}", "3"),
        (
            "{{if 0}}A{{else}}{{if 0.0}}B{{else}}{{if \"\"}}C{{else}}D{{end}}{{end}}{{end}}",
            "D",
        ),
        ("{{if .Inner}}A{{end}}", "A"),
    ]);
    check_errors(&[
        ("{{if}}A{{end}}", "missing value for if"),
        ("{{if 1}}A", "unexpected EOF"),
        ("{{else}}", "unexpected {{else}}"),
        ("{{end}}", "unexpected {{end}}"),
        (
            "{{if 1}}{{else}}{{else}}{{end}}",
            "expected end; found {{else}}",
        ),
    ]);
}

#[test]
fn ranges() {
    check(&[
        ("{{range .List}}{{.}},{{end}}", "a,b,c,"),
        ("{{range $e := .List}}{{$e}}{{end}}", "abc"),
        ("{{range $i, $e := .List}}{{$i}}{{$e}}{{end}}", "0a1b2c"),
        ("{{range $k, $v := .M}}{{$k}}={{$v}};{{end}}", "k1=1;k2=2;"),
        (
            "{{range $k, $v := .Ints}}{{$k}}={{$v}};{{end}}",
            "9=nine;10=ten;",
        ),
        ("{{range .N}}{{.}}{{end}}", "012"),
        ("{{range -1}}x{{else}}none{{end}}", "none"),
        ("{{range .Empty}}x{{else}}none{{end}}", "none"),
        (
            "{{range $k, $v := .Inner}}{{$k}}={{$v}}{{end}}",
            "Load_avg=1.5",
        ),
        (
            "{{range .List}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}",
            "ac",
        ),
        (
            "{{range .List}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}",
            "a",
        ),
        ("{{range .List}}{{$.N}}{{end}}", "333"),
    ]);
    check_errors(&[
        ("{{range .S}}{{end}}", "range can't iterate over a<b"),
        ("{{range .X}}{{end}}", "range can't iterate over 2.5"),
        (
            "{{range $i, $e := 3}}{{end}}",
            "can't use 3 to iterate over more than one variable",
        ),
        ("{{break}}", "{{break}} outside {{range}}"),
        (
            "{{range $a, $b, $c := .List}}{{end}}",
            "too many declarations in range",
        ),
    ]);
    let sum = "{{$t := 0}}{{range .List}}{{$t = .}}{{end}}{{$t}}";
    assert_eq!(text(sum), "c");
}

#[test]
fn definitions() {
    check(&[
        ("{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .N}}", "[3]"),
        (
            "{{template \"t\"}}{{define \"t\"}}{{.}}{{end}}",
            "<no value>",
        ),
        ("{{define \"t\"}}{{$}}{{end}}{{template \"t\" .N}}", "3"),
        (
            "{{block \"b\" .N}}<{{.}}>{{end}}{{template \"b\" 4}}",
            "<3><4>",
        ),
    ]);
    check_errors(&[
        ("{{template \"no\"}}", "template \"no\" not defined"),
        (
            "{{define \"t\"}}a{{end}}{{define \"t\"}}b{{end}}",
            "multiple definition of template \"t\"",
        ),
        (
            "{{if 1}}{{define \"t\"}}{{end}}{{end}}",
            "unexpected {{define}}",
        ),
        (
            "{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}",
            "exceeded maximum template depth",
        ),
        (
            "{{$x := 1}}{{define \"t\"}}{{$x}}{{end}}",
            "undefined variable \"$x\"",
        ),
    ]);
}

#[test]
fn operands() {
    check(&[
        (
            "{{'a'}} {{0x1f}} {{0o17}} {{017}} {{0b11}} {{1_000}} {{0x_1_f}} {{1.5}} {{1e3}}",
            "97 31 15 15 3 1000 31 1.5 1000",
        ),
        ("{{\"\\u00e9\\n\"}}{{`\\n`}}", "é\n\\n"),
        ("{{true}} {{(.Inner).Load_avg}} {{$.N}}", "true 1.5 3"),
        ("{{$v := .Inner}}{{$v.Load_avg}}", "1.5"),
        ("{{.M.k1}}", "1"),
        ("{{(url_parser \"http://h/p?q\").Raw_query}}", "q"),
    ]);
    check_errors(&[
        ("{{nil}}", "nil is not a command"),
        (
            "{{.Nope}}",
            "executing \"template\" at <.Nope>: map has no entry for key \"Nope\"",
        ),
        ("{{if .n}}{{end}}", "map has no entry for key \"n\""),
        ("{{.N.X}}", "can't evaluate field X in type int64"),
        (
            "{{.Ints.x}}",
            "can't evaluate field x in type map[int64]interface {}",
        ),
        ("{{$y}}", "undefined variable \"$y\""),
        ("{{nope 1}}", "function \"nope\" not defined"),
        ("{{1 | 2}}", "non executable command in pipeline stage 2"),
        ("{{.N 1}}", "can't give argument to non-function"),
        ("{{}}", "missing value for command"),
        ("{{(1}}", "unclosed left paren"),
        ("{{1)}}", "unexpected right paren"),
        ("{{1 |}}", "missing value for command"),
        ("{{.A$}}", "bad character '$'"),
        ("{{..N}}", "unexpected <.N> in operand"),
        ("{{\"a\".N}}", "unexpected <.N> in operand"),
        ("{{0x_}}", "bad number syntax"),
        ("{{1__0}}", "bad number syntax"),
    ]);
    let missing = render("{{.X}}", None).unwrap_err().to_string();
    assert!(
        missing.contains("nil data; no entry for key \"X\""),
        "{missing}"
    );
}

#[test]
fn places_of_errors() {
    assert_eq!(
        error("a\nbc{{ .Nope }}"),
        "execution error: template: template:2:5: executing \"template\" at <.Nope>: map has no entry for key \"Nope\""
    );
    assert_eq!(
        error("\n\n{{ nope }}"),
        "parse error: template: template:3: function \"nope\" not defined"
    );
    // The first mistake is told.
    assert_eq!(
        error("{{ nope }}\n{{ # }}"),
        "parse error: template: template:1: function \"nope\" not defined"
    );
    assert_eq!(
        error("{{ 1 }}\n{{ # }}\n{{ nope }}"),
        "parse error: template: template:2: unexpected '#' in command"
    );
    assert!(
        error("{{define \"t\"}}{{.X.Y}}{{end}}{{template \"t\" .Inner}}")
            .contains("executing \"t\" at <.X.Y>")
    );
}

#[test]
fn logic_and_comparison() {
    check(&[
        ("{{and 1 0 .Nope}}", "0"),
        ("{{or 0 \"x\" .Nope}}", "x"),
        ("{{and 1 2}} {{or 0 \"\"}} {{not 0}}", "2  true"),
        ("{{3 | and 1}} {{3 | or 0}}", "3 3"),
        (
            "{{eq .N 3}} {{eq 1 2 3 1}} {{ne .S \"x\"}}",
            "true true true",
        ),
        (
            "{{eq (len .List) .N}} {{lt 1 2}} {{le 2.5 .X}} {{gt \"b\" \"a\"}} {{ge 1 2}}",
            "true true true true false",
        ),
        ("{{if not .Empty}}none{{end}}", "none"),
        (
            "{{eq nil nil}} {{eq .List nil}} {{eq nil .N}} {{ne .M nil}}",
            "true false false true",
        ),
    ]);
    check_errors(&[
        ("{{eq 1 1.5}}", "incompatible types for comparison"),
        ("{{eq .S 1}}", "incompatible types for comparison"),
        ("{{eq .List .List}}", "non-comparable type []string"),
        ("{{lt true false}}", "invalid type for comparison"),
        ("{{eq 1}}", "missing argument for comparison"),
        ("{{not}}", "wrong number of args for not: want 1 got 0"),
    ]);
}

#[test]
fn containers() {
    check(&[
        (
            "{{len .S}} {{len .List}} {{len .M}} {{len .Inner}}",
            "3 3 2 1",
        ),
        (
            "{{index .List 1}} {{index .M \"k2\"}} {{index .M \"no\"}} {{index .S 0}} {{index .Ints 9}}",
            "b 2 <no value> 97 nine",
        ),
        (
            "{{slice .S 1}} {{slice .List 1 2}} {{slice .S 0 1}}",
            "<b [b] a",
        ),
        ("{{index .List}}", "[a b c]"),
    ]);
    check_errors(&[
        ("{{len .N}}", "error calling len: len of type int64"),
        (
            "{{index .List 3}}",
            "error calling index: index out of range: 3",
        ),
        ("{{index .List -1}}", "index out of range: -1"),
        ("{{index .N 0}}", "can't index item of type int64"),
        ("{{slice .S 2 1}}", "invalid slice index: 2 > 1"),
        ("{{slice .S 9}}", "index out of range: 9"),
        ("{{slice .S 0 1 2}}", "cannot 3-index slice a string"),
        ("{{call .N}}", "error calling call"),
        ("{{index nil}}", "index of untyped nil"),
        ("{{index .List nil}}", "cannot index slice/array with nil"),
        ("{{index .M 1}}", "value has type int64; should be string"),
        ("{{index .M \"no\" 0}}", "index of untyped nil"),
        ("{{slice nil}}", "slice of untyped nil"),
        ("{{slice .N 0}}", "can't slice item of type int64"),
        ("{{slice .List 0 2 1}}", "invalid slice index: 2 > 1"),
        ("{{slice .List 0 1 2 3}}", "too many slice indexes: 4"),
    ]);
}

#[test]
fn how_values_look() {
    check(&[
        (
            "{{.List}} {{.M}} {{.Inner}} {{.Empty}}",
            "[a b c] map[k1:1 k2:2] map[Load_avg:1.5] []",
        ),
        ("{{print 1 2 \"a\" 3 .Yes}}", "1 2a3 true"),
        ("{{println 1 \"a\"}}", "1 a\n"),
        ("{{print nil}}", "<nil>"),
        (
            "{{html .S \"'\\\"\"}} {{js \"'<\\n\"}} {{urlquery \"a b&\"}}",
            "a&lt;b&#39;&#34; \\'\\u003C\\u000A a+b%26",
        ),
        (
            "{{html nil}} {{html .N nil}} {{js nil}} {{urlquery nil}} {{html \"a\\x00\"}}",
            "&lt;no value&gt; 3&lt;no value&gt; \\u003Cno value\\u003E %3Cno+value%3E a\u{fffd}",
        ),
        (
            "{{js `&=>\"\\`}} {{js \"\\x7f\\u2028\\U0001D173é\"}}",
            "\\u0026\\u003D\\u003E\\\"\\\\ \u{7f}\\u2028\\uD834\\uDD73é",
        ),
        ("{{html 1 2 `a` 3}} {{urlquery 1 2}}", "1 2a3 1+2"),
    ]);
    for (float, expected) in [
        (100_000.0, "100000"),
        (100_000.5, "100000.5"),
        (1_000_000.0, "1e+06"),
        (1_234_567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (3.0, "3"),
        (0.0, "0"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "+Inf"),
        (1e300, "1e+300"),
    ] {
        let value = Value::Float(float);
        assert_eq!(render("{{.}}", Some(&value)).as_deref(), Ok(expected));
    }
    let key = Value::Struct(
        [("a", Value::Int(1)), ("b", "x".into())]
            .into_iter()
            .collect(),
    );
    let keyed = map([(key, 2)]);
    assert_eq!(render("{{.}}", Some(&keyed)).as_deref(), Ok("map[{1 x}:2]"));
}

#[test]
fn functions_of_the_library() {
    check(&[
        ("{{join_nonempty .List \",\"}}", "a,b,c"),
        ("{{\"-\" | join_nonempty .Empty}}", ""),
        ("{{pow 2 3.0}}", "8"),
        ("{{substr \"hello\" 1 (len .S)}}", "el"),
        ("{{substr \"hello\" 1 3e0 | printf \"%q\"}}", "\"el\""),
    ]);
    check_errors(&[
        (
            "{{substr .S}}",
            "wrong number of args for substr: want 3 got 1",
        ),
        (
            "{{pow .N 2}}",
            "wrong type for value; expected float; got int64",
        ),
        ("{{substr \"a\" 1.5 2}}", "expected integer; found 1.5"),
        ("{{substr 1 1 2}}", "expected str; found 1"),
        ("{{substr nil 1 2}}", "invalid value; expected str"),
        (
            "{{substr \"a\" 1 2}}",
            "error calling substr: low/high out of range",
        ),
    ]);
    let failed = render("{{substr \"a\" 1 2}}", None).unwrap_err();
    assert!(CallError::from(failed).catchable);
    let failed = render("{{.X}}", None).unwrap_err();
    assert!(!CallError::from(failed).catchable);
}

#[test]
fn functions_can_not_be_printed() {
    let func = crate::value::Func::new(
        crate::types::Type::func([("a", crate::types::Type::Int)], crate::types::Type::Int),
        |args: &[Value]| Ok(args[0].clone()),
    );
    let vars = Value::list([Value::Func(func)]);
    for vars in [
        fields([("a", vars.clone())]),
        map([("a", vars.clone())]),
        vars,
    ] {
        let failed = render("a", Some(&vars)).unwrap_err();
        assert_eq!(failed.to_string(), "can't use `func` as vars input");
        let failed = CallError::from(failed);
        assert!(failed.message.starts_with("template: can't use `func`") && !failed.catchable);
    }
}

#[test]
fn nesting_has_a_limit() {
    for (open, close) in [("{{if 1}}", "{{end}}"), ("{{(", ")}}")] {
        let deep = format!("{}1{}", open.repeat(1000), close.repeat(1000));
        let failed = render(&deep, None);
        assert!(failed.is_err());
    }
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(error(&parens).contains("nested too deeply"));
    let chain = format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(10_000));
    assert!(error(&chain).contains("nested too deeply"));
}

#[test]
fn templates_that_render_each_other_have_room_for_their_nesting() {
    for (open, close) in [
        ("{{if 1}}", "{{end}}"),
        ("{{with 1}}", "{{end}}"),
        ("{{range 1}}", "{{end}}"),
    ] {
        let (open, close) = (open.repeat(95), close.repeat(95));
        let again = format!(
            "{{{{define \"t\"}}}}{open}{{{{template \"t\"}}}}{close}{{{{end}}}}{{{{template \"t\"}}}}"
        );
        assert!(error(&again).contains("exceeded maximum template depth"));
    }
    let (open, close) = ("(".repeat(190), ")".repeat(190));
    let again = format!(
        "{{{{define \"t\"}}}}{{{{template \"t\" .}}}}{{{{{open}1{close}}}}}{{{{end}}}}{{{{template \"t\" 1}}}}"
    );
    assert!(error(&again).contains("exceeded maximum template depth"));
}

proptest! {
    #[test]
    fn text_without_actions_is_copied(text in "[^{]*") {
        let rendered = render(&text, None);
        prop_assert_eq!(rendered.as_deref(), Ok(text.as_str()));
    }

    #[test]
    fn any_string_can_be_written_as_an_action(s: String) {
        let template = format!("{{{{{}}}}}", crate::value::quote(s.as_bytes()));
        let rendered = render(&template, None);
        prop_assert_eq!(rendered.as_deref(), Ok(s.as_str()));
    }

    #[test]
    fn no_template_panics(parts in prop::collection::vec(prop::sample::select(vec![
        "{{", "}}", "{{-", "-}}", " ", "if", "range", "end", "else", "with", ".", "$x", ":=", "=", "|", "(", ")",
        "1", "-", "\"a\"", ".List", "printf", "index", "define", "template", "block", "break", ",", "and", "/*", "*/", "nil",
    ]), 0..25)) {
        let _ = render(&parts.concat(), Some(&sample()));
    }

    #[test]
    fn no_format_panics(format in "[%0-9.*\\[\\]dsqxvTgeU+# -]{0,12}") {
        let format = Value::from(format);
        let _ = render("{{printf . 1 2.5 \"a\" nil}}", Some(&format));
    }
}
