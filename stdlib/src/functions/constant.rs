//! The variables that are there without a definition (functions.md §28).

use crate::catalog::VariableDef;
use crate::types::Type;
use crate::value::Value;

/// Every variable but `$hostname`, which the host gives.
pub(crate) fn variables() -> Vec<VariableDef> {
    vec![
        text("", "purpleidea", "hello world!", "A greeting."),
        text(
            "",
            "const.res.file.state.exists",
            "exists",
            "The file exists.",
        ),
        text(
            "",
            "const.res.file.state.absent",
            "absent",
            "The file does not exist.",
        ),
        text(
            "",
            "const.res.file.state.undefined",
            "",
            "The file's existence is left alone.",
        ),
        text(
            "",
            "const.res.firewalld.state.exists",
            "exists",
            "The rule exists.",
        ),
        text(
            "",
            "const.res.firewalld.state.absent",
            "absent",
            "The rule does not exist.",
        ),
        text(
            "",
            "const.res.firewalld.state.undefined",
            "",
            "The rule's existence is left alone.",
        ),
        number(
            "const.res.gzip.level.no_compression",
            0,
            "Store without compression.",
        ),
        number("const.res.gzip.level.best_speed", 1, "Compress fast."),
        number("const.res.gzip.level.best_compression", 9, "Compress well."),
        number(
            "const.res.gzip.level.default_compression",
            -1,
            "Compress as usual.",
        ),
        number(
            "const.res.gzip.level.huffman_only",
            -2,
            "Compress by Huffman coding alone.",
        ),
        text("", "const.res.net.state.up", "up", "The interface is up."),
        text(
            "",
            "const.res.net.state.down",
            "down",
            "The interface is down.",
        ),
        text(
            "",
            "const.res.net.state.undefined",
            "",
            "The interface's state is left alone.",
        ),
        number(
            "const.res.tar.format.unknown",
            0,
            "Any format that holds the files.",
        ),
        number(
            "const.res.tar.format.ustar",
            2,
            "The format of POSIX.1-1988.",
        ),
        number("const.res.tar.format.pax", 4, "The format of POSIX.1-2001."),
        number("const.res.tar.format.gnu", 8, "The format of GNU tar."),
        text(
            "os",
            "family_redhat",
            "redhat",
            "What `os.family()` calls Red Hat and its kin.",
        ),
        text(
            "os",
            "family_debian",
            "debian",
            "What `os.family()` calls Debian and its kin.",
        ),
        text(
            "os",
            "family_archlinux",
            "archlinux",
            "What `os.family()` calls Arch Linux and its kin.",
        ),
    ]
}

fn text(
    package: &'static str,
    name: &'static str,
    value: &'static str,
    doc: &'static str,
) -> VariableDef {
    VariableDef {
        package,
        name,
        value: Value::from(value),
        ty: Type::Str,
        doc,
    }
}

fn number(name: &'static str, value: i64, doc: &'static str) -> VariableDef {
    VariableDef {
        package: "",
        name,
        value: Value::Int(value),
        ty: Type::Int,
        doc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of §28.2 to §28.4.
    #[test]
    fn every_variable_has_its_value() {
        let known: Vec<String> = variables()
            .into_iter()
            .map(|it| {
                assert!(it.value.fits(&it.ty), "{}", it.name);
                let dot = if it.package.is_empty() { "" } else { "." };
                format!("{}{dot}{} = {}", it.package, it.name, it.value)
            })
            .collect();
        let expected = r#"
            purpleidea = "hello world!"
            const.res.file.state.exists = "exists"
            const.res.file.state.absent = "absent"
            const.res.file.state.undefined = ""
            const.res.firewalld.state.exists = "exists"
            const.res.firewalld.state.absent = "absent"
            const.res.firewalld.state.undefined = ""
            const.res.gzip.level.no_compression = 0
            const.res.gzip.level.best_speed = 1
            const.res.gzip.level.best_compression = 9
            const.res.gzip.level.default_compression = -1
            const.res.gzip.level.huffman_only = -2
            const.res.net.state.up = "up"
            const.res.net.state.down = "down"
            const.res.net.state.undefined = ""
            const.res.tar.format.unknown = 0
            const.res.tar.format.ustar = 2
            const.res.tar.format.pax = 4
            const.res.tar.format.gnu = 8
            os.family_redhat = "redhat"
            os.family_debian = "debian"
            os.family_archlinux = "archlinux"
        "#;
        assert_eq!(
            known.join("\n"),
            expected.trim().replace("            ", "")
        );
    }
}
