//! "Did you mean": the nearest of a few words to a misspelt one.

/// Misspellings further away than this are not guessed at.
const DISTANCE_MAX: usize = 2;

/// Longer words are nobody's misspelt keyword or setting; refusing them bounds the work.
const LENGTH_MAX: usize = 64;

/// The candidate nearest to `word`, ignoring ASCII case, if it is near enough to be a slip of the
/// finger: at most two edits, and fewer edits than half of the word. The first of equals wins.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LENGTH_MAX {
        return None;
    }
    let word: Vec<char> = word.to_ascii_uppercase().chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(word.len()) > DISTANCE_MAX {
            continue;
        }
        let letters: Vec<char> = candidate.to_ascii_uppercase().chars().collect();
        let distance = distance(&word, &letters);
        let near = distance <= DISTANCE_MAX && distance * 2 < letters.len().max(word.len());
        if near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions
/// and swaps of neighbours.
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut before_previous = vec![0; width];
    let mut previous: Vec<usize> = (0..width).collect();
    for (row, &from) in left.iter().enumerate() {
        let mut current = vec![row + 1; width];
        for (column, &to) in right.iter().enumerate() {
            let substitution = previous[column] + usize::from(from != to);
            let mut least = substitution.min(previous[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && from == right[column - 1] && left[row - 1] == to {
                least = least.min(before_previous[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        before_previous = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_slips_of_the_finger_and_nothing_else() {
        let words = ["DATABASE", "ALIAS", "ROLE", "USER", "AT"];
        assert_eq!(nearest("databsae", words), Some("DATABASE"));
        assert_eq!(nearest("ALAIS", words), Some("ALIAS"));
        assert_eq!(nearest("ROLL", words), Some("ROLE"));
        assert_eq!(nearest("GARDEN", words), None);
        assert_eq!(nearest("IT", words), None, "half of the word would be wrong");
        assert_eq!(nearest(&"A".repeat(10_000), words), None);
    }
}
