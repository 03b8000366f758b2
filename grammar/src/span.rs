//! Where something stands: a file and a byte range. Lines and columns exist only at the edge.

use std::fmt;

/// Identifies one source file of a compilation. Handed out by whoever loads the files.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// A half-open byte range in one source file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `source`.
    pub fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end }
    }

    /// The smallest span that covers both. Both must be of one file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        debug_assert_eq!(self.source, other.source);
        Self::new(
            self.source,
            self.start.min(other.start),
            self.end.max(other.end),
        )
    }

    /// Number of bytes covered.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span covers nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The covered part of the file's text. Empty if the span does not fit the text.
    pub fn text(self, source: &str) -> &str {
        source
            .get(self.start as usize..self.end as usize)
            .unwrap_or("")
    }

    /// Whether `offset` lies inside or at the end of the span.
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}..{}", self.source, self.start, self.end)
    }
}

/// Finds line and column of a byte offset.
#[derive(Clone, Debug)]
pub struct LineIndex {
    /// Offset of the first byte of each line.
    starts: Vec<u32>,
    len: u32,
    /// The lines of editors, where those are others.
    editor: Option<Box<LineIndex>>,
}

/// A place as people count it: line and column from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters (Unicode scalar values).
    pub column: u32,
}

impl LineIndex {
    /// Indexes `text`. Only `\n` ends a line (language.md §1.1).
    pub fn new(text: &str) -> Self {
        let len = text.len() as u32;
        let behind = |(at, _)| at as u32 + 1;
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(behind));
        let returns = text.match_indices('\r').map(behind);
        let mut bare = returns
            .filter(|at| text.as_bytes().get(*at as usize) != Some(&b'\n'))
            .peekable();
        let editor = bare.peek().is_some().then(|| {
            let mut starts: Vec<u32> = starts.iter().copied().chain(bare).collect();
            starts.sort_unstable();
            Box::new(Self {
                starts,
                len,
                editor: None,
            })
        });
        Self {
            starts,
            len,
            editor,
        }
    }

    /// The lines as the Language Server Protocol counts them: there a carriage return alone ends a line, too.
    pub fn of_editor(&self) -> &Self {
        self.editor.as_deref().unwrap_or(self)
    }

    /// The line, from 0, that holds `offset`.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32 - 1
    }

    /// The byte offset at which the line (from 0) starts; the end of the text if there is no such line.
    pub fn start(&self, line: u32) -> u32 {
        self.starts.get(line as usize).copied().unwrap_or(self.len)
    }

    /// Number of lines; a text that ends in a newline has an empty last line.
    pub fn lines(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Line and column of `offset` in `text`, which must be the indexed text.
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset as u32);
        let start = self.start(line) as usize;
        LineColumn {
            line: line + 1,
            column: text[start..offset].chars().count() as u32 + 1,
        }
    }
}
