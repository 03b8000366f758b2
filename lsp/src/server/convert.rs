//! Between what the analysis says and the protocol: byte offsets and positions, whose encoding nothing else knows, and texts.

use mgmt_compiler::files::Source;
use mgmt_grammar::span::LineIndex;
use tower_lsp::ls_types::{MarkupContent, MarkupKind, Position, Range};

use crate::analysis;

/// A text in Markdown as a client can show it: without its fences, if it shows no Markdown.
pub fn markup(text: String, markdown: bool) -> MarkupContent {
    if markdown {
        return MarkupContent {
            kind: MarkupKind::Markdown,
            value: text,
        };
    }
    let lines = text.lines().filter(|line| !line.starts_with("```"));
    MarkupContent {
        kind: MarkupKind::PlainText,
        value: lines.collect::<Vec<_>>().join("\n"),
    }
}

/// How columns are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// In bytes.
    Utf8,
    /// In units of UTF-16; every client knows it.
    #[default]
    Utf16,
}

/// A text with its lines, under an encoding.
#[derive(Clone, Copy)]
pub struct Text<'t> {
    text: &'t str,
    lines: &'t LineIndex,
    encoding: Encoding,
}

impl<'t> Text<'t> {
    pub fn new(text: &'t str, lines: &'t LineIndex, encoding: Encoding) -> Self {
        Self {
            text,
            lines: lines.of_editor(),
            encoding,
        }
    }

    pub fn of(source: &'t Source, encoding: Encoding) -> Self {
        Self::new(&source.text, source.lines(), encoding)
    }

    /// The offset of a position. One behind the end of its line means that end.
    pub fn offset(&self, position: Position) -> u32 {
        if position.line >= self.lines.lines() {
            return self.text.len() as u32;
        }
        let start = self.lines.start(position.line) as usize;
        let line = &self.text[start..self.lines.start(position.line + 1) as usize];
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let wanted = position.character as usize;
        let column = match self.encoding {
            Encoding::Utf8 => {
                let mut column = wanted.min(line.len());
                while !line.is_char_boundary(column) {
                    column -= 1;
                }
                column
            }
            Encoding::Utf16 if line.is_ascii() => wanted.min(line.len()),
            Encoding::Utf16 => {
                let mut units = 0;
                let found = line.char_indices().find(|(_, c)| {
                    units += c.len_utf16();
                    units > wanted
                });
                found.map_or(line.len(), |(at, _)| at)
            }
        };
        (start + column) as u32
    }

    /// The position of an offset.
    pub fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines.line(offset as u32);
        let before = &self.text[self.lines.start(line) as usize..offset];
        Position::new(line, self.width(before))
    }

    pub fn range(&self, range: &analysis::Range) -> Range {
        Range::new(self.position(range.start), self.position(range.end))
    }

    pub fn offsets(&self, range: Range) -> analysis::Range {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        start.min(end)..end
    }

    /// How many columns a text without line breaks takes.
    pub fn width(&self, text: &str) -> u32 {
        match self.encoding {
            Encoding::Utf8 => text.len() as u32,
            // Lines may be long, and this is asked for each token.
            Encoding::Utf16 if text.is_ascii() => text.len() as u32,
            Encoding::Utf16 => text.encode_utf16().count() as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, encoding: Encoding, cases: &[(u32, (u32, u32))]) {
        let lines = LineIndex::new(text);
        let text = Text::new(text, &lines, encoding);
        for (offset, (line, column)) in cases {
            let position = Position::new(*line, *column);
            assert_eq!(text.position(*offset), position, "{offset}");
            assert_eq!(text.offset(position), *offset, "{position:?}");
        }
    }

    #[test]
    fn columns_are_counted_as_agreed() {
        // a: 1 byte, ß: 2 bytes and 1 unit, 😀: 4 bytes and 2 units.
        let text = "a😀ß\nß";
        check(
            text,
            Encoding::Utf8,
            &[
                (1, (0, 1)),
                (5, (0, 5)),
                (7, (0, 7)),
                (8, (1, 0)),
                (10, (1, 2)),
            ],
        );
        check(
            text,
            Encoding::Utf16,
            &[
                (1, (0, 1)),
                (5, (0, 3)),
                (7, (0, 4)),
                (8, (1, 0)),
                (10, (1, 1)),
            ],
        );
    }

    #[test]
    fn each_kind_of_line_end_ends_a_line() {
        let text = "a\rb\r\nc\nd\r\r";
        let places = [
            (0, (0, 0)),
            (2, (1, 0)),
            (5, (2, 0)),
            (7, (3, 0)),
            (8, (3, 1)),
            (9, (4, 0)),
            (10, (5, 0)),
        ];
        check(text, Encoding::Utf8, &places);
        check(text, Encoding::Utf16, &places);
    }

    #[test]
    fn positions_that_are_none_are_moved_to_one() {
        let text = "a😀\r\nb";
        let lines = LineIndex::new(text);
        for (encoding, line, column, offset) in [
            (Encoding::Utf16, 0, 2, 1),
            (Encoding::Utf8, 0, 3, 1),
            (Encoding::Utf16, 0, 99, 5),
            (Encoding::Utf16, 9, 0, 8),
        ] {
            let text = Text::new(text, &lines, encoding);
            assert_eq!(text.offset(Position::new(line, column)), offset);
        }
    }
}
