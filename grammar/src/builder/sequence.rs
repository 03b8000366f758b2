//! Elements between brackets, and whether their commas and newlines are in order (language.md §2.1).

use super::Builder;
use crate::ast::ExprId;
use crate::error::SyntaxErrorKind;

/// What stands after an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    Comma,
    CommaNewline,
    Newline,
}

/// The elements read so far.
pub(crate) struct Sequence<T> {
    items: Vec<T>,
    /// The opening bracket is followed by a newline.
    multiline: bool,
    last: Last,
    /// What is wrong, in the order it was met.
    problems: Vec<Problem>,
}

/// What was read last.
#[derive(Clone, Copy)]
enum Last {
    /// The opening bracket, or the end of a line.
    Nothing,
    /// An element.
    Element(u32, u32),
    /// A comma that is not at the end of its line, and ends here.
    Comma(u32),
}

/// What is wrong, and where.
enum Problem {
    /// The element at this place is not followed by a comma.
    MissingComma(u32, u32),
    /// In the form with one element a line, an element starts here, after another.
    MissingLineBreak(u32),
    /// In the form on one line, here the line ends.
    BrokenLine(u32),
    /// In the form on one line, here a comma follows the last element.
    TrailingComma(u32),
}

impl<T> Sequence<T> {
    pub(crate) fn new(multiline: bool) -> Self {
        Self {
            items: Vec::new(),
            multiline,
            last: Last::Nothing,
            problems: Vec::new(),
        }
    }

    /// Adds the element from `l` to `r`.
    pub(crate) fn with(mut self, l: u32, item: T, r: u32) -> Self {
        if self.multiline
            && let Last::Comma(end) = self.last
        {
            self.problems.push(Problem::MissingLineBreak(end));
        }
        self.last = Last::Element(l, r);
        self.items.push(item);
        self
    }

    /// Adds the separator from `l` to `r`.
    pub(crate) fn separated(mut self, l: u32, separator: Separator, r: u32) -> Self {
        let last = std::mem::replace(&mut self.last, Last::Nothing);
        match separator {
            Separator::Comma => self.last = Last::Comma(r),
            Separator::CommaNewline => {
                if !self.multiline {
                    self.problems.push(Problem::BrokenLine(l + 1));
                }
            }
            Separator::Newline if self.multiline => {
                if let Last::Element(l, r) = last {
                    self.problems.push(Problem::MissingComma(l, r));
                }
            }
            Separator::Newline => self.problems.push(Problem::BrokenLine(l)),
        }
        self
    }

    /// Notes what is wrong at the closing bracket.
    fn close(&mut self) {
        self.problems.extend(match self.last {
            Last::Element(l, r) if self.multiline => Some(Problem::MissingComma(l, r)),
            Last::Comma(end) if self.multiline => Some(Problem::MissingLineBreak(end)),
            Last::Comma(end) => Some(Problem::TrailingComma(end - 1)),
            Last::Nothing | Last::Element(..) => None,
        });
    }
}

impl Builder<'_> {
    /// The elements between the brackets that start at `open` and end at `close`; reports what is wrong
    /// with their separators.
    pub(crate) fn elements<T>(
        &mut self,
        mut sequence: Sequence<T>,
        open: u32,
        close: u32,
    ) -> Vec<T> {
        sequence.close();
        if !sequence.problems.is_empty() {
            self.report_problems(sequence.problems, open, close);
        }
        sequence.items
    }

    fn report_problems(&mut self, problems: Vec<Problem>, open: u32, close: u32) {
        let open = self.span(open, open + 1);
        let mut broken = false;
        let mut crowded = false;
        for problem in problems {
            match problem {
                Problem::MissingComma(l, r) => self.missing_comma(l, r, None),
                // One message tells how such a list is written.
                Problem::MissingLineBreak(_) if crowded => {}
                Problem::MissingLineBreak(at) => {
                    crowded = true;
                    let place = self.span(at, at);
                    self.report_with_edit(
                        SyntaxErrorKind::MissingLineBreak { open },
                        place,
                        place,
                        "\n",
                    );
                }
                Problem::BrokenLine(_) if broken => {}
                Problem::BrokenLine(at) => {
                    broken = true;
                    let newline = self.newline_after(at, close);
                    let after = self.span(open.end, open.end);
                    self.report_with_edit(
                        SyntaxErrorKind::BrokenLine { open },
                        newline,
                        after,
                        "\n",
                    );
                }
                Problem::TrailingComma(_) if broken => {}
                Problem::TrailingComma(at) => {
                    let comma = self.span(at, at + 1);
                    self.report_with_edit(
                        SyntaxErrorKind::TrailingComma { open },
                        comma,
                        comma,
                        "",
                    );
                }
            }
        }
    }

    /// Reports a newline in a bracket, opened at `open`, that never spans lines itself.
    pub(crate) fn broken_line(
        &mut self,
        open: u32,
        (start, end): (u32, u32),
        inner: ExprId,
    ) -> ExprId {
        let blanks = self.text.get(end as usize..).unwrap_or_default();
        let blanks = blanks.len() - blanks.trim_start().len();
        let open = self.span(open, open + 1);
        let gap = self.span(start, end + blanks as u32);
        let newline = self.span(start, end);
        self.report_with_edit(SyntaxErrorKind::BrokenLine { open }, newline, gap, "");
        inner
    }

    /// The first newline at or after `at`, before `end`.
    fn newline_after(&self, at: u32, end: u32) -> crate::span::Span {
        match self.slice(at, end).find('\n') {
            Some(offset) => self.span(at + offset as u32, at + offset as u32 + 1),
            None => self.span(at, at),
        }
    }
}
