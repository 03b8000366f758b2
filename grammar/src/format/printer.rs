//! Lines, indentation, blank lines and comments.

use std::fmt::{Arguments, Write};

use crate::ast::{Comment, File};

/// Writes the formatted text from top to bottom, and follows the source meanwhile.
pub(super) struct Printer<'a> {
    text: &'a str,
    pub(super) file: &'a File,
    comments: &'a [Comment],
    /// The first comment that is not written yet.
    next_comment: usize,
    out: String,
    /// Where the brackets opened, in the source, between which the lines are indented now.
    open: Vec<u32>,
    /// The end of what was written last, in the source.
    position: u32,
}

impl<'a> Printer<'a> {
    pub(super) fn new(text: &'a str, file: &'a File, comments: &'a [Comment]) -> Self {
        Self {
            text,
            file,
            comments,
            next_comment: 0,
            out: String::with_capacity(text.len() + text.len() / 8),
            open: Vec::new(),
            position: 0,
        }
    }

    /// Writes what is left of the comments.
    pub(super) fn finish(mut self) -> String {
        self.comments_before(u32::MAX);
        self.out
    }

    pub(super) fn write(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn write_fmt(&mut self, arguments: Arguments<'_>) {
        // Writing to a string can not fail.
        let _ = self.out.write_fmt(arguments);
    }

    /// The text that is written so far.
    pub(super) fn out(&mut self) -> &mut String {
        &mut self.out
    }

    /// Notes that the source was followed up to `position`.
    pub(super) fn reached(&mut self, position: u32) {
        self.position = self.position.max(position);
    }

    /// Whether the source has a newline between the two places.
    pub(super) fn has_newline(&self, from: u32, to: u32) -> bool {
        self.between(from, to).contains('\n')
    }

    /// Whether a comment stands between the two places.
    pub(super) fn has_comment(&self, from: u32, to: u32) -> bool {
        let first = self
            .comments
            .partition_point(|comment| comment.span.start < from);
        self.comments
            .get(first)
            .is_some_and(|comment| comment.span.start < to)
    }

    /// The first `wanted` at or after `from`.
    pub(super) fn find(&self, from: u32, wanted: char) -> u32 {
        let rest = self.text.get(from as usize..).unwrap_or_default();
        from + rest.find(wanted).unwrap_or(0) as u32
    }

    fn between(&self, from: u32, to: u32) -> &'a str {
        self.text.get(from as usize..to as usize).unwrap_or("")
    }

    /// Indents what follows: it stands in the bracket that was just written.
    pub(super) fn indent(&mut self) {
        self.open.push(self.position);
    }

    /// Starts the line of what stands at `at` in the source: the comments before it, a blank line if there
    /// was one, the indentation.
    pub(super) fn start_line(&mut self, at: u32) {
        self.comments_before(at);
        self.blank_line_before(at);
        self.write_indentation();
    }

    /// Starts the line of the bracket at `at`, which ends an indented part.
    pub(super) fn start_closing_line(&mut self, at: u32) {
        self.comments_before(at);
        self.blank_line_before(at);
        self.open.pop();
        self.write_indentation();
    }

    /// Ends the line, with the comment that stands behind it in the source.
    pub(super) fn end_line(&mut self) {
        if let Some(comment) = self.comments.get(self.next_comment)
            && comment.span.start >= self.position
            && self.is_blank(self.position, comment.span.start)
        {
            self.next_comment += 1;
            self.out.push(' ');
            self.out.push_str(comment.span.text(self.text));
            self.position = comment.span.end;
        }
        self.out.push('\n');
    }

    /// Whether nothing but blanks and a separator stands between the two places.
    fn is_blank(&self, from: u32, to: u32) -> bool {
        self.text.as_bytes()[from as usize..to as usize]
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t' | b','))
    }

    /// Writes the comments that stand before `at`, each on a line of its own.
    ///
    /// A comment from a place that has no line of its own waits until the whole statement or element is
    /// written, unless another comment has to be written before that.
    fn comments_before(&mut self, at: u32) {
        let inside = self.open.last().copied().unwrap_or(0);
        let pending = &self.comments[self.next_comment..];
        let count = pending.partition_point(|comment| comment.span.start < at);
        let Some((last, _)) = pending[..count].split_last() else {
            return;
        };
        if last.span.start < inside {
            return;
        }
        self.next_comment += count;
        for comment in &pending[..count] {
            self.blank_line_before(comment.span.start);
            self.write_indentation();
            self.out.push_str(comment.span.text(self.text));
            self.out.push('\n');
            self.reached(comment.span.end);
        }
    }

    /// A blank line, if there is one in the source before `at`.
    fn blank_line_before(&mut self, at: u32) {
        let gap = self.between(self.position, at);
        let newlines = gap.bytes().filter(|byte| *byte == b'\n').count();
        if newlines > 1 && !self.out.is_empty() {
            self.out.push('\n');
        }
        self.reached(at);
    }

    fn write_indentation(&mut self) {
        for _ in 0..self.open.len() {
            self.out.push('\t');
        }
    }
}
