//! `mgmtc explain`: what does this code mean?

use std::io::{self, Write};

use clap::Args;

use super::{Console, Status};
use crate::diagnostic::{Code, EXPLANATIONS, Explanation};

/// Explain the code of an error or warning, with a wrong and a right example.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    /// Such as `E0301`. Without it, all codes are listed.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

impl Explain {
    /// Does it.
    ///
    /// # Errors
    /// If the outcome can not be written.
    pub fn run(&self, console: &mut Console<'_>) -> io::Result<Status> {
        let Some(code) = &self.code else {
            for Explanation { code, title, .. } in EXPLANATIONS {
                writeln!(console.out, "{code}  {title}")?;
            }
            return Ok(Status::Fine);
        };
        let Some(explanation) = Code::find(code.trim_matches(['[', ']'])) else {
            writeln!(console.err, "error: there is no code `{code}`")?;
            writeln!(console.err, "`mgmtc explain` lists all codes")?;
            return Ok(Status::Trouble);
        };
        write_page(console.out, explanation)?;
        Ok(Status::Fine)
    }
}

/// Writes a page for a terminal: examples are indented below a word that says what they are.
fn write_page(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    writeln!(out, "{}: {}\n", explanation.code, explanation.title)?;
    let mut in_example = false;
    for line in explanation.page.lines() {
        match line.strip_prefix("```") {
            Some("") => in_example = false,
            Some(info) => {
                in_example = true;
                let right = info.ends_with("right");
                writeln!(out, "{}:\n", if right { "Right" } else { "Wrong" })?;
            }
            None if in_example && !line.is_empty() => writeln!(out, "    {line}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}
