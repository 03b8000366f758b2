//! The tokens that the client has, so that only what differs is sent again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tower_lsp::ls_types::{
    SemanticToken, SemanticTokens, SemanticTokensDelta, SemanticTokensEdit,
    SemanticTokensFullDeltaResult,
};

/// What was sent last for each file.
#[derive(Debug, Default)]
pub struct SentTokens {
    last: u64,
    files: BTreeMap<PathBuf, (String, Vec<SemanticToken>)>,
}

impl SentTokens {
    pub fn full(&mut self, path: PathBuf, data: Vec<SemanticToken>) -> SemanticTokens {
        self.last += 1;
        let id = self.last.to_string();
        self.files.insert(path, (id.clone(), data.clone()));
        SemanticTokens {
            result_id: Some(id),
            data,
        }
    }

    /// What differs from what was sent under an id; everything, if that is not known any more.
    pub fn delta(
        &mut self,
        path: PathBuf,
        previous: &str,
        data: Vec<SemanticToken>,
    ) -> SemanticTokensFullDeltaResult {
        let before = self.files.remove(&path).filter(|(id, _)| id == previous);
        let new = self.full(path, data);
        let Some((_, before)) = before else {
            return SemanticTokensFullDeltaResult::Tokens(new);
        };
        let edits = difference(&before, &new.data).into_iter().collect();
        SemanticTokensFullDeltaResult::TokensDelta(SemanticTokensDelta {
            result_id: new.result_id,
            edits,
        })
    }

    pub fn forget(&mut self, path: &std::path::Path) {
        self.files.remove(path);
    }
}

/// The numbers that make a token.
const NUMBERS: u32 = 5;

fn difference(before: &[SemanticToken], after: &[SemanticToken]) -> Option<SemanticTokensEdit> {
    if before == after {
        return None;
    }
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[start..], &after[start..]);
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    Some(SemanticTokensEdit {
        start: start as u32 * NUMBERS,
        delete_count: (old.len() - end) as u32 * NUMBERS,
        data: Some(new[..new.len() - end].to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(lengths: &[u32]) -> Vec<SemanticToken> {
        let token = |length: &u32| SemanticToken {
            delta_line: 0,
            delta_start: 1,
            length: *length,
            token_type: 0,
            token_modifiers_bitset: 0,
        };
        lengths.iter().map(token).collect()
    }

    #[test]
    fn only_what_differs_is_sent() {
        let edit = difference(&tokens(&[1, 2, 3, 4]), &tokens(&[1, 5, 6, 4])).unwrap();
        assert_eq!((edit.start, edit.delete_count), (5, 10));
        assert_eq!(edit.data, Some(tokens(&[5, 6])));
        let edit = difference(&tokens(&[1, 1]), &tokens(&[1, 1, 1])).unwrap();
        assert_eq!((edit.start, edit.delete_count), (10, 0));
        assert_eq!(difference(&tokens(&[1]), &tokens(&[1])), None);
    }
}
