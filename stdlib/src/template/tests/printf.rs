//! What `printf` writes: each row is a call and its text.

use proptest::prelude::*;

use super::{check, check_with_types, fields, ints, map, render};
use crate::functions::testing::call;
use crate::functions::{number, quoting};
use crate::value::Value;

#[test]
fn printf_verbs() {
    check(&[
        (
            r#"{{printf "%s|%5s|%-5s|%.1s|%q|%x|%X" "ab" "ab" "ab" "ab" "ab" "ab" "ab"}}"#,
            r#"ab|   ab|ab   |a|"ab"|6162|6162"#,
        ),
        (
            r#"{{printf "%d|%5d|%-5d|%05d|%+d|%x|%X|%#x|%o|%#o|%O|%b|%c|%U|%q" 42 42 42 42 42 42 42 42 42 42 42 42 42 42 42}}"#,
            "42|   42|42   |00042|+42|2a|2A|0x2a|52|052|0o52|101010|*|U+002A|'*'",
        ),
        (r#"{{printf "%05d|% d|%.3d" -42 42 7}}"#, "-0042| 42|007"),
        (
            r#"{{printf "%f|%.2f|%8.3f|%-8.1f|%05.2f|%e|%E|%g|%G|%.3g" 2.5 2.5 2.5 2.5 2.5 2.5 2.5 2.5 1e300 1234.5}}"#,
            "2.500000|2.50|   2.500|2.5     |02.50|2.500000e+00|2.500000E+00|2.5|1E+300|1.23e+03",
        ),
        (
            r#"{{printf "%08.2f|%+.1f|%6.1f" -3.14159 2.0 -1.0}}"#,
            "-0003.14|+2.0|  -1.0",
        ),
        (r#"{{printf "%t %v %v %v" true 1 2.5 "a"}}"#, "true 1 2.5 a"),
        (
            r#"{{printf "%v %d %s" .List (slice .List 0 0) .List}}"#,
            "[a b c] [] [a b c]",
        ),
        (
            r#"{{printf "%T %T %T %T %T %T" 1 1.5 "a" true .List .M}}"#,
            "int64 float64 string bool []string map[string]interface {}",
        ),
        (
            r#"{{printf "%*s|%-*s|%.*f" 4 "a" 4 "b" 1 2.55}}"#,
            "   a|b   |2.5",
        ),
        (r#"{{printf "%[2]d %[1]d" 1 2}}"#, "2 1"),
        (r#"{{printf "100%%"}}"#, "100%"),
        (r#"{{.N | printf "%d-%d" 1}}"#, "1-3"),
        (r#"{{printf "%6q" "é"}}"#, r#"   "é""#),
        (r#"{{printf "% x" "abc"}}"#, "61 62 63"),
    ]);
}

#[test]
fn printf_mistakes_are_shown() {
    check(&[
        (r#"{{printf "%d" "abc"}}"#, "%!d(string=abc)"),
        (r#"{{printf "%d"}}"#, "%!d(MISSING)"),
        (
            r#"{{printf "x" "abc" 1}}"#,
            "x%!(EXTRA string=abc, int64=1)",
        ),
        (r#"{{printf "%z" 5}}"#, "%!z(int64=5)"),
        (r#"{{printf "%"}}"#, "%!(NOVERB)"),
        (r#"{{printf "%[5]d" 1}}"#, "%!d(BADINDEX)"),
        (r#"{{printf "%s" 5}}"#, "%!s(int64=5)"),
        (r#"{{printf "%d" nil}}"#, "%!d(<nil>)"),
    ]);
}

#[test]
fn every_verb_has_its_flags() {
    check_with_types(&[
        (
            r#"{{printf "%5t|%-6t|%06t|%t" true false true 1}}"#,
            " true|false |00true|%!t(int64=1)",
        ),
        (
            r#"{{printf "%.2s|%5.1s|%-5.1s|%05s|%.0s|" "éab" "éab" "éab" "ab" "ab"}}"#,
            "éa|    é|é    |000ab||",
        ),
        (
            r#"{{printf "%q|%+q|%#q|%#q|%.1q|%8q" "é\n" "é\n" "é" "`" "éa" "a"}}"#,
            "\"é\\n\"|\"\\u00e9\\n\"|`é`|\"`\"|\"é\"|     \"a\"",
        ),
        (
            r#"{{printf "%x|%X|% x|%#x|%# x|%.2x|%6x|%-6x|%x" "az" "az" "az" "az" "az" "azb" "a" "a" ""}}"#,
            "617a|617A|61 7a|0x617a|0x61 0x7a|617a|    61|61    |",
        ),
        (
            r#"{{printf "%+d|% d|%+ d|%5d|%-5d|%05d|%-05d|%+05d|%.3d|%6.3d|%-6.3d|%06.3d" 7 7 7 7 7 7 7 7 7 7 7 7}}"#,
            "+7| 7|+7|    7|7    |00007|7    |+0007|007|   007|007   |   007",
        ),
        (
            r#"{{printf "%.0d|%.0d|%5.0d|%05.0d|%+.0d" 0 1 0 0 0}}"#,
            "|1|     |     |",
        ),
        (
            r#"{{printf "%b|%o|%O|%x|%X|%#b|%#o|%#x|%#X|%#O|%#.4o" 10 10 10 -255 255 10 10 255 255 10 8}}"#,
            "1010|12|0o12|-ff|FF|0b1010|012|0xff|0XFF|0o012|0010",
        ),
        (
            r#"{{printf "%#06x|%#6x|%-#6x|%+#x|% #x|%08b" 255 255 255 255 255 5}}"#,
            "0x0000ff|  0xff|0xff  |+0xff| 0xff|00000101",
        ),
        (
            r#"{{printf "%c|%5c|%-5c|%05c|%c|%c" 233 97 97 97 -1 1114112}}"#,
            "é|    a|a    |0000a|�|�",
        ),
        (
            r#"{{printf "%q|%+q|%#q|%6q|%q|%q" 233 233 39 97 34 10}}"#,
            "'é'|'\\u00e9'|'\\''|   'a'|'\"'|'\\n'",
        ),
        (
            r#"{{printf "%U|%#U|%.6U|%8U|%-8U|%#U|%U" 233 233 233 233 233 10 -1}}"#,
            "U+00E9|U+00E9 'é'|U+0000E9|  U+00E9|U+00E9  |U+000A|U+FFFFFFFFFFFFFFFF",
        ),
        (
            r#"{{printf "%f|%.0f|%.1f|%8.2f|%-8.2f|%08.2f|%+.2f|% .2f|%#.0f|%F" 2.5 2.5 0.25 2.5 2.5 -2.5 2.5 2.5 2.5 2.5}}"#,
            "2.500000|2|0.2|    2.50|2.50    |-0002.50|+2.50| 2.50|2.|2.500000",
        ),
        (
            r#"{{printf "%e|%E|%.0e|%.2e|%12.2e|%012.2e|%#.0e" 12345.678 0.00012 5.0 12345.678 12345.678 -12345.678 5.0}}"#,
            "1.234568e+04|1.200000E-04|5e+00|1.23e+04|    1.23e+04|-0001.23e+04|5.e+00",
        ),
        (
            r#"{{printf "%g|%G|%.3g|%.10g|%#g|%#.3g|%g|%g|%g|%.0g" 100000.0 1e-7 1234.5 100.0 1.5 100.0 1e20 1e21 123456789.0 2.5}}"#,
            "100000|1E-07|1.23e+03|100|1.50000|100.|1e+20|1e+21|1.23456789e+08|2",
        ),
        (
            r#"{{printf "%x|%X|%.0x|%.3x|%20x|%+x|%x|%x|%#x|%.15x" 2.5 2.5 1.5 0.1 0.1 1.0 0.0 1e300 1.0 0.1}}"#,
            "0x1.4p+01|0X1.4P+01|0x1p+01|0x1.99ap-04|0x1.999999999999ap-04|+0x1p+00|0x0p+00|0x1.7e43c8800759cp+996|0x1.0000p+00|0x1.999999999999a00p-04",
        ),
        (
            r#"{{printf "%b|%b|%b|%20b" 2.5 0.0 -1.0 1.0}}"#,
            "5629499534213120p-51|0p-1074|-4503599627370496p-52|4503599627370496p-52",
        ),
        (
            r#"{{printf "%8v|%-8v|%08v|%+v|% v|%.2v|%.2v|%6.2v" 7 7 7 7 7 2.567 "abc" 2.567}}"#,
            "       7|7       |00000007|7| 7|2.6|ab|   2.6",
        ),
        (
            r#"{{printf "%v|%5v|%-3v|%03d|%x|%q|%.1f|%t" .List .List .Ints .Ints .List .List .Ints .Ints}}"#,
            "[a b c]|[    a     b     c]|[5   -6 ]|[005 -06]|[61 62 63]|[\"a\" \"b\" \"c\"]|[%!f(int64=5) %!f(int64=-6)]|[%!t(int64=5) %!t(int64=-6)]",
        ),
        (
            r#"{{printf "%v|%d|%s|%q|%5v" .M .M .M .M .M}}"#,
            "map[k1:1 k2:2]|map[%!d(string=k1):1 %!d(string=k2):2]|map[k1:%!s(int64=1) k2:%!s(int64=2)]|map[\"k1\":'\\x01' \"k2\":'\\x02']|map[   k1:    1    k2:    2]",
        ),
        (
            r#"{{printf "%v|%d|%s" .Mi .Mi .Mi}}"#,
            "map[9:nine 10:ten]|map[9:%!d(string=nine) 10:%!d(string=ten)]|map[%!s(int64=9):nine %!s(int64=10):ten]",
        ),
        (
            r#"{{printf "%v|%d|%5v" .Inner .Inner .Structs}}"#,
            "map[L:[7 8] Load_avg:1.5]|map[%!d(string=L):[7 8] %!d(string=Load_avg):%!d(float64=1.5)]|[map[    A:    1     B:    x] map[    A:    2     B:    y]]",
        ),
        (
            r#"{{printf "%#v|%#v|%#v|%#v|%#v|%#v|%#v|%#v" 7 1.5 "a" true .List .M .Mi nil}}"#,
            "7|1.5|\"a\"|true|[]string{\"a\", \"b\", \"c\"}|map[string]interface {}{\"k1\":1, \"k2\":2}|map[int64]interface {}{9:\"nine\", 10:\"ten\"}|<nil>",
        ),
        (
            r#"{{printf "%+v|%T|%T|%T|%T|%T|%.3T|%8T|%-8T|%T" .Inner .Inner .Structs .Nest .Mi .X .X .S .S nil}}"#,
            "map[L:[7 8] Load_avg:1.5]|map[string]interface {}|[]interface {}|[][]int64|map[int64]interface {}|float64|flo|  string|string  |<nil>",
        ),
        (
            r#"{{printf "%*d|%-*d|%*d|%.*f|%*.*f|%.*d" 5 7 5 7 -5 7 2 2.567 8 2 2.567 -1 7}}"#,
            "    7|7    |7    |2.57|    2.57|%!(BADPREC)7",
        ),
        (
            r#"{{printf "%*d|%.*d|%*d" "a" 7 "a" 7 1000001 7}}"#,
            "%!(BADWIDTH)7|%!(BADPREC)7|%!(BADWIDTH)7",
        ),
        (
            r#"{{printf "%*d" -9223372036854775807 7}}"#,
            "%!(BADWIDTH)7",
        ),
        (
            r#"{{printf "%[2]d %[1]d|%[1]d|%[2]*[1]d|%[2]*.[2]*[3]f|%d" 7 3 2.5}}"#,
            "3 7|7|  7|2.500|%!d(MISSING)",
        ),
        (r#"{{printf "%[1]d %d %[1]d" 1 2 3}}"#, "1 2 1"),
        (
            r#"{{printf "%[0]d|%[9]d|%[x]d|%[-1]d|%[]d|%[1d|%[" 7}}"#,
            "%!d(BADINDEX)|%!d(BADINDEX)|%!d(BADINDEX)|%!d(BADINDEX)|%!d(BADINDEX)|%!d(BADINDEX)|%!(NOVERB)",
        ),
        (
            r#"{{printf "%[1]5d|%[1].2d|%5[1]d|%.2[1]d|%[1][1]d" 7}}"#,
            "%!d(BADINDEX)|%!d(BADINDEX)|    7|07|%![(int64=7)1]d",
        ),
        (
            r#"{{printf "%5%|%-5%|%05%|%.3%|%" 7}}"#,
            "%|%|%|%|%!(NOVERB)%!(EXTRA int64=7)",
        ),
        (
            r#"{{printf "%!|%z|%é|%日" 1 2 3 4}}"#,
            "%!!(int64=1)|%!z(int64=2)|%!é(int64=3)|%!日(int64=4)",
        ),
        (
            r#"{{printf "%6z|%06d|%+s|% s|%#d|%.1d" 7 "a" 7 7 "a" "abc"}}"#,
            "%!z(int64=     7)|%!d(string=00000a)|%!s(int64=+7)|%!s(int64= 7)|%!d(string=a)|%!d(string=a)",
        ),
        (
            r#"{{printf "%d %d" 1}}{{printf "%d" 1 2.5 "a" nil true}}{{printf "" .List}}"#,
            "1 %!d(MISSING)1%!(EXTRA float64=2.5, string=a, <nil>, bool=true)%!(EXTRA []string=[a b c])",
        ),
        (
            r#"{{printf "%v|%s|%d|%T|%5v|%-5v|" nil nil nil nil nil nil}}"#,
            "<nil>|%!s(<nil>)|%!d(<nil>)|<nil>|<nil>|<nil>|",
        ),
        (
            r#"{{printf "%d|%s|%t|%f|%c|%U" .X .X .X .N .X .S}}"#,
            "%!d(float64=2.5)|%!s(float64=2.5)|%!t(float64=2.5)|%!f(int64=3)|%!c(float64=2.5)|%!U(string=a<b)",
        ),
        (
            r#"{{printf "%99999999d|%.99999999d|%d" 1 2 3}}"#,
            "%!(NOVERB)%!(EXTRA int64=1, int64=2, int64=3)",
        ),
        (r#"{{printf "%w|%p" 1 "a"}}"#, "%!w(int64=1)|%!p(string=a)"),
    ]);
}

#[test]
fn floats_at_the_edges() {
    for (format, float, expected) in [
        ("%f|%5d", f64::NAN, "NaN|%!d(MISSING)"),
        ("%05.1f", f64::NAN, "  NaN"),
        ("%+f", f64::NAN, "+NaN"),
        ("% f", f64::NAN, " NaN"),
        ("%v", f64::INFINITY, "+Inf"),
        ("%06v", f64::INFINITY, "  +Inf"),
        ("% e", f64::INFINITY, " Inf"),
        ("%-6gx", f64::NEG_INFINITY, "-Inf  x"),
        ("%v", -0.0, "-0"),
        ("%05.1f", -0.0, "-00.0"),
        ("%#v", 1e6, "1e+06"),
        ("%x", 5e-324, "0x1p-1074"),
        ("%.0x", f64::MAX, "0x1p+1024"),
        ("%g", 5e-324, "5e-324"),
        ("%.1f", 0.05, "0.1"),
        ("%.3g", 999_999.0, "1e+06"),
        ("%#.3g", 0.0, "0.00"),
        ("%d", 1.0, "%!d(float64=1)"),
    ] {
        let vars = fields([("f", format.into()), ("x", float.into())]);
        let rendered = render("{{printf .F .X}}", Some(&vars));
        assert_eq!(rendered.as_deref(), Ok(expected), "{format} {float:?}");
    }
}

/// What a format makes of one value.
fn formatted(format: &str, value: impl Into<Value>) -> String {
    let vars = fields([("f", format.into()), ("v", value.into())]);
    render("{{printf .F .V}}", Some(&vars)).unwrap()
}

proptest! {
    #[test]
    fn quoted_text_reads_back(text: String) {
        for format in ["%q", "%+q", "%#q"] {
            let quoted = formatted(format, text.as_str());
            let back = quoting::unquote(quoted.as_bytes());
            prop_assert_eq!(back.as_deref(), Some(text.as_bytes()), "{}", quoted);
        }
    }

    #[test]
    fn ints_read_back_by_their_prefix(int: i64) {
        for format in ["%d", "%v", "%+d", "%#x", "%#X", "%#o", "%O", "%#b", "%025d"] {
            let text = formatted(format, int);
            let base = if format == "%025d" { 10 } else { 0 };
            let args = [Value::from(text.as_str()), base.into(), 64.into()];
            let back = call("golang/strconv.parse_int", &args);
            prop_assert_eq!(back, Ok(Value::Int(int)), "{}", text);
        }
    }

    #[test]
    fn floats_read_back(float in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
        for format in ["%v", "%g", "%G", "%x", "%X", "%.17e", "%.16E", "%#.17g", "%.1100f"] {
            let text = formatted(format, float);
            let back = number::parse_float(text.as_bytes());
            prop_assert_eq!(back, Ok(float), "{}", text);
        }
    }
}

#[test]
fn keys_that_are_structs_are_records() {
    let key = fields([("a", 1.into()), ("b_c", "x".into())]);
    let keyed = map([(key, 2)]);
    for (format, expected) in [
        ("%v", "map[{1 x}:2]"),
        ("%+v", "map[{A:1 B_c:x}:2]"),
        ("%3v", "map[{  1   x}:  2]"),
        ("%q", "map[{'\\x01' \"x\"}:'\\x02']"),
        ("%T", "map[struct { A int64; B_c string }]interface {}"),
    ] {
        let vars = fields([("f", format.into()), ("m", keyed.clone())]);
        let rendered = render("{{printf .F .M}}", Some(&vars));
        assert_eq!(rendered.as_deref(), Ok(expected), "{format}");
    }
}

#[test]
fn such_keys_are_in_the_order_of_their_fields() {
    let keyed = map([9, 10, -1].map(|key| (fields([("a", Value::Int(key))]), key)));
    let vars = fields([("m", keyed)]);
    for (template, expected) in [
        ("{{.M}}", "map[{-1}:-1 {9}:9 {10}:10]"),
        ("{{range .M}}{{.}};{{end}}", "-1;9;10;"),
    ] {
        let rendered = render(template, Some(&vars));
        assert_eq!(rendered.as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn types_are_those_that_can_be_seen() {
    let typed = |value: Value| render(r#"{{printf "%T" .}}"#, Some(&value)).unwrap();
    let maps = Value::list([map([("a", 1)])]);
    assert_eq!(typed(maps), "[]map[string]int64");
    assert_eq!(typed(Value::list([ints(&[]), ints(&[1])])), "[][]int64");
    assert_eq!(typed(Value::list([])), "[]interface {}");
    assert_eq!(
        typed(Value::Map([].into_iter().collect())),
        "map[string]interface {}"
    );
    assert_eq!(typed(map([(1.5, ints(&[1]))])), "map[float64]interface {}");
}
