//! Lines that follow each other in a text of any encoding.

/// Some lines, at least one, without their ends.
pub(super) struct Block(Vec<Vec<u8>>);

impl Block {
    /// The lines of a text; nothing if the text is empty. A line end at the end means an empty last line.
    pub(super) fn new(text: &[u8], trim: bool) -> Option<Self> {
        let text = if trim { text.trim_ascii() } else { text };
        let lines = text.split(|byte| *byte == b'\n');
        (!text.is_empty()).then(|| Self(lines.map(|line| without_end(line).to_vec()).collect()))
    }

    /// The text with the block at the end, unless it is there already.
    pub(super) fn added_to(&self, text: &[u8]) -> Option<Vec<u8>> {
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        if self.places(&lines).next().is_some() {
            return None;
        }
        let end: &[u8] = if lines.first().is_some_and(|line| line.ends_with(b"\r\n")) {
            b"\r\n"
        } else {
            b"\n"
        };
        let mut new = text.to_vec();
        if !text.is_empty() && !text.ends_with(b"\n") {
            new.extend_from_slice(end);
        }
        for line in &self.0 {
            new.extend_from_slice(line);
            new.extend_from_slice(end);
        }
        Some(new)
    }

    /// The text without the block, unless it was not there.
    pub(super) fn removed_from(&self, text: &[u8]) -> Option<Vec<u8>> {
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let mut new = Vec::with_capacity(text.len());
        let mut next = 0;
        for place in self.places(&lines) {
            new.extend(lines[next..place].concat());
            next = place + self.0.len();
        }
        new.extend(lines[next..].concat());
        (next != 0).then_some(new)
    }

    /// Where the block begins, from top to bottom and without overlaps.
    fn places<'a>(&'a self, lines: &'a [&[u8]]) -> impl Iterator<Item = usize> + 'a {
        let is_here = |from: usize| {
            lines.get(from..from + self.0.len()).is_some_and(|found| {
                found
                    .iter()
                    .zip(&self.0)
                    .all(|(line, wanted)| without_end(line) == wanted)
            })
        };
        let mut next = 0;
        std::iter::from_fn(move || {
            let place = (next..lines.len()).find(|from| is_here(*from))?;
            next = place + self.0.len();
            Some(place)
        })
    }
}

/// A line without its line feed and the carriage returns before it: what ends in them can not be told from a line
/// of a text whose lines do.
fn without_end(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(text: &str) -> Block {
        Block::new(text.as_bytes(), false).unwrap()
    }

    fn added(lines: &str, text: &str) -> Option<String> {
        let new = block(lines).added_to(text.as_bytes());
        new.map(|new| String::from_utf8(new).unwrap())
    }

    fn removed(lines: &str, text: &str) -> Option<String> {
        let new = block(lines).removed_from(text.as_bytes());
        new.map(|new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn whole_lines_are_added_once() {
        assert_eq!(added("b", "").as_deref(), Some("b\n"));
        assert_eq!(added("b", "a\n").as_deref(), Some("a\nb\n"));
        assert_eq!(added("b", "bb\n").as_deref(), Some("bb\nb\n"));
        assert_eq!(added("b", "a\nb"), None);
        assert_eq!(added("b\nc", "a\nb\nc\n"), None);
        assert_eq!(
            added("b\nc", "b\na\nc\n").as_deref(),
            Some("b\na\nc\nb\nc\n")
        );
    }

    #[test]
    fn a_last_line_without_an_end_gets_one() {
        assert_eq!(added("b", "a").as_deref(), Some("a\nb\n"));
    }

    #[test]
    fn line_ends_are_kept() {
        assert_eq!(added("b", "b\r\n"), None);
        assert_eq!(added("b", "a\r\n").as_deref(), Some("a\r\nb\r\n"));
        assert_eq!(removed("b", "a\r\nb\r\nc\n").as_deref(), Some("a\r\nc\n"));
    }

    #[test]
    fn every_occurrence_is_removed() {
        assert_eq!(removed("b", "b\na\nb").as_deref(), Some("a\n"));
        assert_eq!(removed("a\na", "a\na\na\n").as_deref(), Some("a\n"));
        assert_eq!(removed("b", "a\nbb\n"), None);
        assert_eq!(removed("b", "b\n").as_deref(), Some(""));
    }

    #[test]
    fn an_end_at_the_end_is_an_empty_line() {
        assert_eq!(added("b\n", "b\n").as_deref(), Some("b\nb\n\n"));
        assert_eq!(added("b\n", "b\n\n"), None);
        assert!(Block::new(b" \n", true).is_none());
        assert!(Block::new(b"", false).is_none());
    }

    proptest! {
        /// Whatever the bytes: what was added is there, and goes again without a trace.
        #[test]
        fn adding_and_removing_converge(
            text in "[ab\r\n]{0,20}", lines in "[ab\r\n]{1,6}",
        ) {
            let block = block(&lines);
            let new = block.added_to(text.as_bytes()).unwrap_or(text.into_bytes());
            prop_assert_eq!(block.added_to(&new), None);
            let mut without = new;
            while let Some(less) = block.removed_from(&without) {
                without = less;
            }
            prop_assert!(block.added_to(&without).is_some());
        }
    }
}
