//! What is new, for those who follow: numbered pieces, of which only the newest are kept.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tokio::sync::watch;

use super::shapes::Milliseconds;

/// At most so many pieces are kept, and of at most so many bytes.
const PIECES: usize = 1024;
const BYTES: usize = 4 * 1024 * 1024;
/// A reader gets at most so many at a time.
const PORTION: usize = 32;

/// How far a reader has got. Its text is that of `Last-Event-ID`: the run and the number, `1763744713123-42`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the run began: the numbers of another run mean nothing in this one.
    pub run: Milliseconds,
    /// The number of the last piece that was read.
    pub number: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.number)
    }
}

/// A text is no [`Cursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the number of an event, such as `1763744713123-42`")]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (run, number) = text.split_once('-').ok_or(NoCursor)?;
        Ok(Self {
            run: run.parse().map_err(|_| NoCursor)?,
            number: number.parse().map_err(|_| NoCursor)?,
        })
    }
}

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Where a reader is who has read it.
    pub cursor: Cursor,
    /// What it is about: `status`, `graph`, `resources` or `log`.
    pub event: &'static str,
    /// One JSON object on one line.
    pub data: Arc<str>,
}

/// A reader was too slow, or comes from another run: everything has to be read anew from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed(pub Cursor);

/// What is new.
#[derive(Debug)]
pub(super) struct Feed {
    cursor: Cursor,
    news: VecDeque<News>,
    bytes: usize,
    newest: watch::Sender<u64>,
}

impl Feed {
    pub(super) fn new(run: Milliseconds, newest: watch::Sender<u64>) -> Self {
        Self {
            cursor: Cursor { run, number: 0 },
            news: VecDeque::new(),
            bytes: 0,
            newest,
        }
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub(super) fn push(&mut self, event: &'static str, data: String) {
        self.cursor.number += 1;
        self.bytes += data.len();
        self.news.push_back(News {
            cursor: self.cursor,
            event,
            data: data.into(),
        });
        while self.news.len() > PIECES || (self.bytes > BYTES && self.news.len() > 1) {
            if let Some(oldest) = self.news.pop_front() {
                self.bytes -= oldest.data.len();
            }
        }
        self.newest.send_replace(self.cursor.number);
    }

    pub(super) fn after(&self, cursor: Cursor) -> Result<Vec<News>, Missed> {
        let behind = self.cursor.number.checked_sub(cursor.number);
        match behind.and_then(|behind| usize::try_from(behind).ok()) {
            Some(behind) if cursor.run == self.cursor.run && behind <= self.news.len() => {
                let first = self.news.len() - behind;
                Ok(self.news.range(first..).take(PORTION).cloned().collect())
            }
            _ => Err(Missed(self.cursor)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(pieces: usize, size: usize) -> Feed {
        let mut feed = Feed::new(7, watch::Sender::new(0));
        for _ in 0..pieces {
            feed.push("log", "x".repeat(size));
        }
        feed
    }

    fn at(number: u64) -> Cursor {
        Cursor { run: 7, number }
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let feed = feed(3, 1);
        let numbers = |news: Vec<News>| -> Vec<u64> {
            news.iter().map(|piece| piece.cursor.number).collect()
        };
        assert_eq!(feed.after(at(1)).map(numbers), Ok(vec![2, 3]));
        assert_eq!(feed.after(at(3)).map(numbers), Ok(vec![]));
    }

    #[test]
    fn who_comes_from_elsewhere_begins_anew() {
        let feed = feed(3, 1);
        assert_eq!(feed.after(at(4)), Err(Missed(at(3))));
        let stranger = Cursor { run: 6, number: 2 };
        assert_eq!(feed.after(stranger), Err(Missed(at(3))));
    }

    #[test]
    fn who_is_too_slow_begins_anew() {
        let feed = feed(PIECES + 2, 1);
        assert_eq!(feed.after(at(1)), Err(Missed(at(PIECES as u64 + 2))));
        assert_eq!(feed.after(at(2)).map(|news| news.len()), Ok(PORTION));
    }

    #[test]
    fn little_is_kept_of_what_is_large() {
        let feed = feed(9, BYTES / 4);
        assert_eq!(feed.after(at(5)).map(|news| news.len()), Ok(4));
        assert!(feed.after(at(4)).is_err());
    }

    #[test]
    fn cursors_are_texts() {
        assert_eq!("7-3".parse(), Ok(at(3)));
        assert_eq!(at(3).to_string(), "7-3");
        for bad in ["", "7", "-", "7-x", "x-1", "7--1"] {
            assert_eq!(bad.parse::<Cursor>(), Err(NoCursor), "{bad}");
        }
    }
}
