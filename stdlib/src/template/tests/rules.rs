//! Sentence by sentence, what the template language does: each row is a template and its text.

use super::{check_with_types, many, render};

#[test]
fn what_go_does() {
    check_with_types(&[
        ("a \t\r\n{{- 1 -}} \t\r\nb", "a1b"),
        ("a {{- 1}} b", "a1 b"),
        ("a{{1 -}} b{{- 2}}c", "a1b2c"),
        ("a {{-\n1\n-}} b", "a1b"),
        ("a {{- -3 -}} b", "a-3b"),
        ("{{-3}}{{ -3}}", "-3-3"),
        (r#"a {{- "}}" -}} b"#, "a}}b"),
        (r#"{ {{1}} } {{"{{"}} }}"#, "{ 1 } {{ }}"),
        ("{{/* a /* b */}}x", "x"),
        ("{{- /* a\nb */ -}} x", "x"),
        ("{{/**/}}x{{- /**/}} y", "x y"),
        ("{{println\n1\n`a\nb`}}", "1 a\nb\n"),
        ("{{1}}{{2}}{{/* - */}} {{3}}", "12 3"),
        (
            "{{if and .Yes .N}}A{{else}}B{{end}}|{{if .M}}A{{end}}|{{if .Nest}}A{{end}}|{{if .X}}A{{end}}|{{if -0.0}}A{{else}}B{{end}}",
            "A|A|A|A|B",
        ),
        (
            "{{if .No}}A{{else if .Empty}}B{{else if .S}}C{{else}}D{{end}}",
            "C",
        ),
        ("{{if .Yes}}{{.N}}{{$.N}}{{end}}", "33"),
        (
            "{{with .Inner}}{{.Load_avg}}{{$.N}}{{end}}|{{with $x := .N}}{{$x}}{{.}}{{end}}|{{with .Empty}}A{{else with .No}}B{{else with .N}}C{{.}}{{else}}D{{end}}",
            "1.53|33|C3",
        ),
        (
            "{{with .Inner}}{{with .L}}{{index . 1}}{{end}}{{.Load_avg}}{{end}}",
            "81.5",
        ),
        (
            "{{range $k, $v := .Inner}}{{$k}}={{$v}};{{end}}|{{range .Inner}}{{.}};{{end}}",
            "L=[7 8];Load_avg=1.5;|[7 8];1.5;",
        ),
        (
            "{{range $i, $e := .Structs}}{{$i}}{{.A}}{{$e.B}}{{end}}",
            "01x12y",
        ),
        (
            "{{range $i := .N}}{{$i}}{{end}}|{{range 2}}{{.}}{{end}}|{{range 0}}x{{else}}{{.N}}{{end}}",
            "012|01|3",
        ),
        (
            "{{range .Nest}}{{range .}}{{.}}{{else}}none{{end}};{{end}}",
            "1;none;",
        ),
        (r#"{{range index .M "no"}}x{{else}}none{{end}}"#, "none"),
        (
            r#"{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{else}}none{{end}}!"#,
            "a!",
        ),
        (
            r#"{{range $i, $e := .List}}{{with $e}}{{if eq . "a"}}{{continue}}{{end}}{{end}}{{$i}}{{$e}}{{end}}"#,
            "1b2c",
        ),
        (
            "{{range .List}}{{range $.Ints}}{{break}}{{end}}{{.}}{{end}}",
            "abc",
        ),
        (r#"{{$e := "x"}}{{range $e = .List}}{{end}}{{$e}}"#, "c"),
        (
            r#"{{$i := 9}}{{$e := "x"}}{{range $i, $e = .List}}{{end}}{{$i}}{{$e}}"#,
            "2c",
        ),
        ("{{range $x := .List}}{{$x := 1}}{{$x}}{{end}}", "111"),
        (
            "{{$n := 0}}{{range .List}}{{$n = len $.List}}{{end}}{{$n}}",
            "3",
        ),
        ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{$x}}{{end}}{{$x}}", "22"),
        (
            r#"{{$x := .N}}{{with .Inner}}{{$x}}{{end}}{{$x = "s"}}{{$x}}"#,
            "3s",
        ),
        ("{{$_1 := 1}}{{$_1}}{{$é := 2}}{{$é}}", "12"),
        (
            r#"{{define "t"}}{{.}}{{$}}{{end}}{{template "t" .N}}{{template "t"}}{{template `t` "a"}}"#,
            "33<no value><no value>aa",
        ),
        (
            r#"{{define "t"}}a{{end}}{{define "t"}} {{end}}{{template "t"}}"#,
            "a",
        ),
        (
            r#"{{define "t"}}{{end}}{{define "t"}}b{{end}}{{template "t"}}"#,
            "b",
        ),
        (
            r#"{{block "b" .N}}[{{.}}]{{end}}{{define "b"}}{{end}}{{template "b" 1}}"#,
            "[3][1]",
        ),
        (
            r#"{{define "a"}}{{template "b" .}}{{end}}{{define "b"}}<{{.}}>{{end}}{{template "a" .S}}"#,
            "<a<b>",
        ),
        (
            r#"{{define "t"}}{{if .}}{{len .}}{{template "t" slice . 1}}{{end}}{{end}}{{template "t" .S}}"#,
            "321",
        ),
        (
            r#"{{define "template x"}}a{{end}}{{template "template x"}}"#,
            "a",
        ),
        (
            "{{'\\''}} {{'\\n'}} {{'\\u00e9'}} {{'\\x41'}} {{'é'}}",
            "39 10 233 65 233",
        ),
        (
            "{{0X1F}} {{0O17}} {{0B11}} {{-0x1}} {{+5}} {{0}} {{-0}} {{9223372036854775807}} {{-9223372036854775808}}",
            "31 15 3 -1 5 0 0 9223372036854775807 -9223372036854775808",
        ),
        (
            "{{1_000.5}} {{.5}} {{1.}} {{1e-7}} {{0x1p4}} {{1E3}} {{-1.5}} {{1e100}}",
            "1000.5 0.5 1 1e-07 16 1000 -1.5 1e+100",
        ),
        (
            r#"{{"\a\b\f\n\r\t\v\\\"'\x41\101\u00e9\U0001F600" | printf "%q"}}"#,
            "\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"'AAé😀\"",
        ),
        (r#"{{`a\n"` | printf "%q"}}"#, "\"a\\\\n\\\"\""),
        (
            "{{(.Inner).Load_avg}} {{(index .Structs 1).B}} {{$.Inner.Load_avg}} {{($).N}} {{((.N))}}",
            "1.5 y 1.5 3 3",
        ),
        (
            r#"{{.Inner.L}} {{.M.k1}} {{(.M).k2}} {{index .M "k1"}}"#,
            "[7 8] 1 2 1",
        ),
        (
            r#"{{.N | printf "%d-%d" 1}} {{1 | print | len}} {{"a" | print "b" | print "c"}}"#,
            "1-3 1 cba",
        ),
        (
            "{{print (len .List) (index .List 0)}} {{len (print .N .X)}} {{not (not .Yes)}}",
            "3a 5 true",
        ),
        (
            r#"{{print true false nil}} {{print}} {{println}}{{print "" ""}}"#,
            "true false <nil>  \n",
        ),
        (
            r#"{{and 1 2 0 3}} {{and 0}} {{and "a"}} {{or 0 "" 3 4}} {{or 0 ""}}| {{or 1 .Nope}} {{and 0 .Nope}}"#,
            "0 0 a 3 | 1 0",
        ),
        ("{{0 | and 1}} {{2 | or 0 1}} {{.No | not}}", "0 1 true"),
        (
            r#"{{not nil}} {{not .Empty}} {{not .M}} {{not "a"}} {{not .Inner}}"#,
            "true true false false false",
        ),
        (
            r#"{{eq .S "a<b"}} {{eq .Yes true}} {{eq .X 2.5}} {{eq 'a' 97}} {{eq .N 1 2 3}} {{eq .N 1 2}} {{ne .N 3}}"#,
            "true true true true true false false",
        ),
        (
            r#"{{lt "a" "b"}} {{lt "B" "a"}} {{le 1 1}} {{gt 1.5 .X}} {{ge .X .X}} {{lt -1 0}} {{le "" ""}} {{gt "é" "z"}}"#,
            "true true true false true true true true",
        ),
        (
            r#"{{len "é"}} {{len .Empty}} {{len .M}} {{len .Structs}} {{len ""}}"#,
            "2 0 2 2 0",
        ),
        (
            r#"{{index .Nest 0 0}} {{index .Mi 9}} {{index .Mi 1}} {{index .S 1}} {{index .Structs 1 "B"}} {{index .Inner "L" 0}} {{index .M "k2"}}"#,
            "1 nine <no value> 60 y 7 2",
        ),
        (
            r#"{{index "é" 1}} {{index .List 1 0}} {{index .Inner "no"}}"#,
            "169 98 <no value>",
        ),
        (
            r#"{{slice .S 1}} {{slice .S 1 2}} {{slice .S 3}}| {{slice .S 0 0}}| {{slice .S}} {{slice .List}} {{slice .List 1 2 2}} {{slice .List 3}} {{slice .Ints 0 1}} {{slice "é" 0 1 | printf "%q"}}"#,
            "<b < | | a<b [a b c] [b] [] [5] \"\\xc3\"",
        ),
        (
            r#"{{print 1 2 "a" 3 4 true nil "b"}}|{{print "a" 1 "b" 2 3}}|{{print .X .Yes}}"#,
            "1 2a3 4 true <nil>b|a1b2 3|2.5 true",
        ),
        (
            r#"{{println "a" 1 2.5 .List nil}}"#,
            "a 1 2.5 [a b c] <nil>\n",
        ),
        (
            r#"{{html "<a href='x'>&\"</a>"}} {{html .List}} {{html 1 2 "<" 3}}"#,
            "&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt; [a b c] 1 2&lt;3",
        ),
        (
            r#"{{js "it's \"<>&=\\\"\n\t\r\x00\u2028é"}} {{js .List}} {{js 1 2}}"#,
            "it\\'s \\\"\\u003C\\u003E\\u0026\\u003D\\\\\\\"\\u000A\\u0009\\u000D\\u0000\\u2028é [a b c] 1 2",
        ),
        (
            r#"{{urlquery "a b&c=d/é+%~-_.*"}} {{urlquery .N .S}} {{urlquery ""}}"#,
            "a+b%26c%3Dd%2F%C3%A9%2B%25~-_.%2A 3a%3Cb ",
        ),
        (
            "{{.}}",
            "map[Empty:[] Inner:map[L:[7 8] Load_avg:1.5] Ints:[5 -6] List:[a b c] M:map[k1:1 k2:2] Mi:map[9:nine 10:ten] N:3 Nest:[[1] []] No:false S:a<b Structs:[map[A:1 B:x] map[A:2 B:y]] X:2.5 Yes:true]",
        ),
        (
            "{{.Nest}} {{.Structs}} {{.Mi}} {{.Empty}} {{.Yes}} {{.X}}",
            "[[1] []] [map[A:1 B:x] map[A:2 B:y]] map[9:nine 10:ten] [] true 2.5",
        ),
    ]);
}

#[test]
fn without_elements_the_variables_of_a_range_stand_for_the_whole() {
    check_with_types(&[
        ("{{range $x := .Empty}}{{else}}{{$x}}{{end}}", "[]"),
        (
            "{{range $i, $x := .Empty}}{{else}}{{$i}}{{$x}}{{end}}",
            "[][]",
        ),
        (r#"{{$e := "x"}}{{range $e = .Empty}}{{end}}{{$e}}"#, "[]"),
        (
            r#"{{$e := "x"}}{{range $e = .List}}{{$e}}{{end}}{{$e}}"#,
            "abcc",
        ),
        ("{{if $x := 0}}{{else}}{{$x}}{{end}}", "0"),
        ("{{with $x := .Empty}}{{else}}{{$x}}{{end}}", "[]"),
        ("{{range .List}}{{$x := 1}}{{else}}{{$x}}{{end}}", ""),
    ]);
}

#[test]
fn white_space_is_that_of_ascii() {
    check_with_types(&[
        ("\u{a0} {{- 1 -}} \u{a0}", "\u{a0}1\u{a0}"),
        ("\u{b} {{- 1 -}} \u{c}", "\u{b}1\u{c}"),
    ]);
}

/// Each row is a template and what its error says.
#[test]
fn what_is_refused() {
    let vars = many();
    for (template, expected) in [
        // Ranges.
        ("{{range 1.5}}{{end}}", "range can't iterate over 1.5"),
        ("{{range true}}{{end}}", "range can't iterate over true"),
        (r#"{{range "ab"}}{{end}}"#, "range can't iterate over ab"),
        ("{{continue}}", "{{continue}} outside {{range}}"),
        (
            r#"{{define "t"}}{{break}}{{end}}{{range .List}}{{template "t"}}{{end}}"#,
            "{{break}} outside {{range}}",
        ),
        (
            "{{range .List}}{{else}}{{break}}{{end}}",
            "{{break}} outside {{range}}",
        ),
        (
            "{{range $i, $e := .N}}{{end}}",
            "can't use 3 to iterate over more than one variable",
        ),
        ("{{range .List}}", "unexpected EOF"),
        ("{{range}}{{end}}", "missing value for range"),
        // Variables end with their block.
        (
            "{{if true}}{{$x := 1}}{{end}}{{$x}}",
            "undefined variable \"$x\"",
        ),
        ("{{with $x := 1}}{{end}}{{$x}}", "undefined variable \"$x\""),
        (
            "{{range $x := .List}}{{end}}{{$x}}",
            "undefined variable \"$x\"",
        ),
        (
            "{{if false}}{{$x := 1}}{{else}}{{$x}}{{end}}",
            "undefined variable: $x",
        ),
        ("{{$x = 1}}", "undefined variable \"$x\""),
        ("{{$x := $x}}", "undefined variable \"$x\""),
        ("{{$x := }}", "missing value for command"),
        ("{{$x, $y := 1}}", "undefined variable \"$x\""),
        // Templates.
        (
            r#"{{define "t" .}}{{end}}"#,
            "unexpected <.> in define clause",
        ),
        ("{{define t}}{{end}}", "unexpected \"t\" in define clause"),
        ("{{template t}}", "unexpected \"t\" in template clause"),
        (r#"{{block "t"}}{{end}}"#, "missing value for block clause"),
        (r#"{{define "t"}}a"#, "unexpected EOF"),
        (
            r#"{{template "t" 1 2}}"#,
            "can't give argument to non-function",
        ),
        (
            r#"{{block "t" .}}a{{end}}{{define "t"}}b{{end}}"#,
            "multiple definition of template \"t\"",
        ),
        ("{{end 1}}", "unexpected \"1\" in end"),
        ("{{if 1}}{{else 1}}{{end}}", "unexpected \"1\" in else"),
        ("{{if 1}}{{else if}}{{end}}", "missing value for if"),
        (
            "{{if 1}}{{else with 1}}{{end}}",
            "unexpected <with> in else",
        ),
        // Fields and keys.
        ("{{with .Nope}}{{end}}", "map has no entry for key \"Nope\""),
        (
            "{{if .Inner.load_avg}}{{end}}",
            "map has no entry for key \"load_avg\"",
        ),
        ("{{.M.k3}}", "map has no entry for key \"k3\""),
        ("{{.S.x}}", "can't evaluate field x in type string"),
        ("{{.List.x}}", "can't evaluate field x in type []string"),
        ("{{.Yes.x}}", "can't evaluate field x in type bool"),
        (
            "{{.Mi.x}}",
            "can't evaluate field x in type map[int64]interface {}",
        ),
        (
            r#"{{(index .M "no").x}}"#,
            "nil data; no entry for key \"x\"",
        ),
        // Commands.
        ("{{nil | print}}", "nil is not a command"),
        ("{{(nil)}}", "nil is not a command"),
        ("{{.N | .X}}", "can't give argument to non-function"),
        (r#"{{"a" "b"}}"#, "can't give argument to non-function"),
        (
            r#"{{1 | "a"}}"#,
            "non executable command in pipeline stage 2",
        ),
        ("{{| print}}", "unexpected \"|\" in command"),
        ("{{print ||}}", "unexpected \"|\" in command"),
        // Comparisons.
        ("{{eq .N .X}}", "incompatible types for comparison"),
        ("{{eq .Yes 1}}", "incompatible types for comparison"),
        (
            "{{eq .M .M}}",
            "non-comparable type map[string]interface {}",
        ),
        (
            "{{eq .Inner .Inner}}",
            "non-comparable type map[string]interface {}",
        ),
        (r#"{{lt .N "a"}}"#, "incompatible types for comparison"),
        ("{{le .Yes .No}}", "invalid type for comparison"),
        ("{{ge nil 1}}", "invalid type for comparison"),
        ("{{lt 1}}", "wrong number of args for lt: want 2 got 1"),
        ("{{ne 1 2 3}}", "wrong number of args for ne: want 2 got 3"),
        (
            "{{eq}}",
            "wrong number of args for eq: want at least 1 got 0",
        ),
        (
            "{{and}}",
            "wrong number of args for and: want at least 1 got 0",
        ),
        ("{{not 1 2}}", "wrong number of args for not: want 1 got 2"),
        // Containers.
        ("{{len nil}}", "error calling len: "),
        ("{{len .Yes}}", "len of type bool"),
        ("{{len 3}}", "len of type int64"),
        ("{{index .S 3}}", "index out of range: 3"),
        (
            r#"{{index .List "a"}}"#,
            "cannot index slice/array with type string",
        ),
        (
            "{{index .List 1.5}}",
            "cannot index slice/array with type float64",
        ),
        (
            r#"{{index .Mi "a"}}"#,
            "value has type string; should be int64",
        ),
        ("{{slice .List 4}}", "index out of range: 4"),
        ("{{slice .S -1}}", "index out of range: -1"),
        ("{{slice .List 0 4}}", "index out of range: 4"),
        (
            "{{slice .M 0}}",
            "can't slice item of type map[string]interface {}",
        ),
        (r#"{{call "a"}}"#, "error calling call: "),
        ("{{call nil}}", "error calling call: "),
        (
            "{{printf}}",
            "wrong number of args for printf: want at least 1 got 0",
        ),
        ("{{printf 1}}", "expected string"),
        // Tokens.
        (r#"{{"\z"}}"#, "unterminated quoted string"),
        ("{{'ab'}}", "unterminated character constant"),
        ("{{''}}", "unterminated character constant"),
        ("{{`a}}", "unterminated raw quoted string"),
        (r#"{{"a}}"#, "unterminated quoted string"),
        ("{{#}}", "unexpected '#' in command"),
        ("{{.N!}}", "bad character '!'"),
        ("{{: 1}}", "expected :="),
        ("{{08}}", "bad number syntax: \"08\""),
        ("{{1e400}}", "bad number syntax: \"1e400\""),
        (
            "{{9223372036854775808}}",
            "bad number syntax: \"9223372036854775808\"",
        ),
        ("{{1", "unclosed action"),
        ("{{/* a */", "comment ends before closing delimiter"),
        ("{{-/* a */}}", "bad number syntax"),
    ] {
        let found = match render(template, Some(&vars)) {
            Ok(text) => panic!("{template} gives {text:?}"),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected), "{template}: {found}");
    }
}
