//! How text for people stands out on a terminal.

use clap::builder::styling::{AnsiColor, Style};

/// Styles, each written as `{style}text{style:#}`; plain where colours mean nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Styles {
    pub plain: Style,
    pub bold: Style,
    pub dim: Style,
    pub green: Style,
    pub yellow: Style,
    pub red: Style,
}

impl Styles {
    pub fn new(colored: bool) -> Self {
        let style = |style| if colored { style } else { Style::new() };
        Self {
            plain: Style::new(),
            bold: style(Style::new().bold()),
            dim: style(Style::new().dimmed()),
            green: style(AnsiColor::Green.on_default()),
            yellow: style(AnsiColor::Yellow.on_default()),
            red: style(AnsiColor::Red.on_default()),
        }
    }
}

/// A text that stands out.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
