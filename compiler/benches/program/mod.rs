//! Generated programs of any length.

use std::fmt::Write;

/// A program of about so many lines: binds, calls, classes, conditions, resources and edges.
pub fn program(lines: usize) -> String {
    let mut text = String::from(
        "import \"fmt\"\nfunc double($a) { $a + $a }\nclass c($name, $v) {\n\ttest \"c-${name}\" {\n\t\tanotherstr => $v,\n\t}\n}\n",
    );
    for i in 0..lines / 9 {
        let _ = write!(
            text,
            "$v{i} = fmt.printf(\"value %d of %s\", {i} + {}, \"x{i}\")\ntest \"t{i}\" {{\n\tanotherstr => $v{i},\n\tint64 => double({i}) * 2,\n\tvalidatebool => {i} > 3 and false,\n\tMeta:retry => 3,\n\tDepend => Test[\"t{}\"],\n}}\n",
            i % 7,
            i.max(1) - 1,
        );
        match i % 10 {
            0 => writeln!(text, "include c(\"n{i}\", $v{i})"),
            5 => writeln!(
                text,
                "if $v{i} == \"a\" {{\n\t$w = \"b\"\n\ttest \"if-${{w}}-{i}\" {{}}\n}}"
            ),
            _ => Ok(()),
        }
        .expect("a string can be written to");
    }
    // The first one must not depend on itself.
    text.replacen("\tDepend => Test[\"t0\"],\n", "", 1)
}
