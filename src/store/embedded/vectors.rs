//! The vectors of one generation: an exact scan, or a graph where there are very many.

use super::graph::Graph;
use super::quantize::{self, QuantizedRow};
use super::rows::RowTable;
use super::vector_log::VectorLog;
use crate::document::ChunkId;
use crate::embedding::Embedding;
use crate::error::Result;
use crate::ranking::{Candidate, Ranking, Stage};
use crate::store::StoreProblem;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Neighbours looked at per query in the graph; see `measured` figures in [`super::graph`].
const EF_SEARCH: usize = 128;

pub struct Vectors {
    pub rows: RowTable,
    log: VectorLog,
    dim: usize,
    /// Where the graph is kept, if the generation is large enough for one.
    graph_dir: Option<PathBuf>,
    graph: OnceLock<Option<Graph>>,
    /// Set once the 8-bit copies are known to be as they were written.
    i8_is_sound: OnceLock<()>,
}

impl Vectors {
    pub fn new(rows: RowTable, log: VectorLog, dim: usize, graph_dir: Option<PathBuf>) -> Vectors {
        Vectors { rows, log, dim, graph_dir, graph: OnceLock::new(), i8_is_sound: OnceLock::new() }
    }

    pub fn nearest(&self, query: &Embedding, limit: usize) -> Result<Ranking> {
        self.expect_dimension(query)?;
        let limit = limit.min(self.rows.len());
        if limit == 0 {
            return Ok(Ranking::default());
        }
        let query = query.as_slice();
        let nearest = match self.graph() {
            Some(graph) => {
                let near = graph.nearest(query, limit, EF_SEARCH.max(2 * limit));
                near.into_iter().map(|index| Ok((index, self.cosine(index, query)?))).collect::<Result<_>>()?
            }
            None => self.scan(0..self.rows.len(), query, limit)?,
        };
        self.named(nearest, limit)
    }

    /// The nearest among `chunks`, which are in their order. Always exact: a graph would have to wade through what is
    /// not admitted.
    pub fn nearest_among(&self, chunks: &[ChunkId], query: &Embedding, limit: usize) -> Result<Ranking> {
        self.expect_dimension(query)?;
        let indices: Vec<usize> = self.rows.indices(chunks)?;
        let limit = limit.min(indices.len());
        if limit == 0 {
            return Ok(Ranking::default());
        }
        self.named(self.scan(indices.into_iter(), query.as_slice(), limit)?, limit)
    }

    fn named(&self, nearest: Vec<(usize, f32)>, limit: usize) -> Result<Ranking> {
        let named = nearest.into_iter().map(|(index, cosine)| Ok(Candidate::found(self.rows.chunk(index)?, cosine)));
        Ok(Ranking::new(Stage::Dense, named.collect::<Result<_>>()?, limit))
    }

    /// The cosine of each chunk, in the order asked.
    pub fn cosines(&self, query: &Embedding, ids: &[ChunkId]) -> Result<Vec<f32>> {
        self.expect_dimension(query)?;
        ids.iter().map(|id| self.cosine(self.index(id)?, query.as_slice())).collect()
    }

    pub fn vector(&self, id: &ChunkId) -> Result<Embedding> {
        let row = self.log.sound_f32_row(self.rows.row(self.index(id)?))?;
        Ok(Embedding::new(row.to_vec()).ok_or_else(|| no_vector(id))?)
    }

    /// Where a chunk is in the table of rows; it is a bug if it is not.
    fn index(&self, id: &ChunkId) -> Result<usize> {
        Ok(self.rows.index(id)?.ok_or_else(|| no_vector(id))?)
    }

    fn expect_dimension(&self, query: &Embedding) -> Result<()> {
        if query.dim() != self.dim {
            return Err(StoreProblem::Dimension { query: query.dim(), index: self.dim }.into());
        }
        Ok(())
    }

    /// Loaded at the first question; a graph that is missing or damaged leaves the scan.
    fn graph(&self) -> Option<&Graph> {
        let dir = self.graph_dir.as_ref()?;
        self.graph.get_or_init(|| Graph::open(dir, self.rows.len()).ok().flatten()).as_ref()
    }

    fn cosine(&self, index: usize, query: &[f32]) -> Result<f32> {
        Ok(dot(self.log.sound_f32_row(self.rows.row(index))?, query))
    }

    /// A damaged 8-bit copy would hide its vector from a scan, and nobody would know. Looked at before the first one.
    fn require_sound_i8(&self) -> Result<()> {
        if self.i8_is_sound.get().is_none() {
            self.log.require_sound_i8((0..self.rows.len()).map(|index| self.rows.row(index)))?;
            let _ = self.i8_is_sound.set(());
        }
        Ok(())
    }

    /// The `limit` nearest with their cosines, and those that tie with the last. The 8-bit copy is scanned; what its error
    /// bound cannot rule out is compared in full precision, the most promising first, so nothing is missed.
    fn scan(
        &self,
        among: impl ExactSizeIterator<Item = usize>,
        query: &[f32],
        limit: usize,
    ) -> Result<Vec<(usize, f32)>> {
        self.require_sound_i8()?;
        let quantized = QuantizedRow::new(query);
        let mut upper: Vec<(f32, u32)> = Vec::with_capacity(among.len());
        let mut lower: Vec<f32> = Vec::with_capacity(among.len());
        for index in among {
            let (codes, scale, error) = quantize::parts(self.log.i8_row(self.rows.row(index)));
            let near = quantize::dot(codes, &quantized.codes) as f32 * scale * quantized.scale;
            // |q·v − q̂·v̂| ≤ ‖q−q̂‖·‖v‖ + ‖q̂‖·‖v−v̂‖ with ‖v‖ = 1 and ‖q̂‖ ≤ 1 + ‖q−q̂‖.
            let slack = quantized.error + (1.0 + quantized.error) * error;
            lower.push(near - slack);
            upper.push((near + slack, index as u32));
        }
        let (_, worst_sure, _) = lower.select_nth_unstable_by(limit - 1, |a, b| b.total_cmp(a));
        let floor = *worst_sure;
        upper.retain(|(upper, _)| *upper >= floor);
        upper.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut nearest: Vec<(usize, f32)> = Vec::new();
        // The `limit` best cosines so far, the worst on top.
        let mut best: BinaryHeap<Reverse<Ordered>> = BinaryHeap::with_capacity(limit + 1);
        for (upper, index) in upper {
            if best.len() == limit && best.peek().is_some_and(|worst| upper < worst.0.0) {
                break;
            }
            let cosine = self.cosine(index as usize, query)?;
            nearest.push((index as usize, cosine));
            best.push(Reverse(Ordered(cosine)));
            if best.len() > limit {
                best.pop();
            }
        }
        let worst = best.peek().map_or(f32::NEG_INFINITY, |worst| worst.0.0);
        nearest.retain(|(_, cosine)| *cosine >= worst);
        Ok(nearest)
    }
}

fn no_vector(id: &ChunkId) -> StoreProblem {
    StoreProblem::Broken { what: format!("chunk {id} has no vector") }
}

/// A number in [`f32::total_cmp`]'s order.
#[derive(Clone, Copy, PartialEq)]
struct Ordered(f32);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Ordered) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Sixteen running sums: the order of additions is fixed, and the compiler can keep them in registers.
    let mut sums = [0.0f32; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..16 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::super::vector_log::VectorLogWriter;
    use super::*;
    use crate::document::DocId;
    use crate::store::VectorKey;
    use proptest::prelude::*;

    const DIM: usize = 24;

    fn chunk(n: usize) -> ChunkId {
        ChunkId { doc: DocId(format!("d{n:05}")), ordinal: 0 }
    }

    fn built(vectors: &[Embedding], with_graph: bool) -> (tempfile::TempDir, Vectors) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = VectorLogWriter::open(dir.path(), "log", DIM, 0).unwrap();
        let key = |n: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&(n as u64).to_le_bytes());
            VectorKey(key)
        };
        let entries: Vec<_> = vectors.iter().enumerate().map(|(n, vector)| (key(n), vector.clone())).collect();
        log.append(&entries).unwrap();
        let table: Vec<_> = (0..vectors.len()).map(|n| (chunk(n), log.row(&key(n)).unwrap())).collect();
        super::super::rows::write(&dir.path().join("rows.bin"), &table).unwrap();
        let rows = RowTable::open(&dir.path().join("rows.bin"), vectors.len()).unwrap();
        let log = VectorLog::open(dir.path(), "log", DIM, vectors.len()).unwrap();
        let graph_dir = with_graph.then(|| dir.path().join("graph"));
        if let Some(graph) = &graph_dir {
            Graph::build(graph, DIM, rows.len(), &|index| log.f32_row(rows.row(index))).unwrap();
        }
        (dir, Vectors::new(rows, log, DIM, graph_dir))
    }

    fn brute_force(vectors: &[Embedding], query: &Embedding, limit: usize) -> Ranking {
        let scored = vectors.iter().enumerate();
        let candidates =
            scored.map(|(n, vector)| Candidate::found(chunk(n), dot(vector.as_slice(), query.as_slice()))).collect();
        Ranking::new(Stage::Dense, candidates, limit)
    }

    fn embedding() -> impl Strategy<Value = Embedding> {
        prop::collection::vec(-1.0f32..1.0, DIM).prop_filter_map("no direction", Embedding::new)
    }

    /// A direction near a common one, as the vectors of e5 are: their cosines crowd between .7 and .95.
    fn crowded() -> impl Strategy<Value = Embedding> {
        prop::collection::vec(-0.1f32..0.1, DIM)
            .prop_filter_map("no direction", |v| Embedding::new(v.into_iter().map(|x| x + 0.3).collect()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_scan_is_exact(
            vectors in prop_oneof![prop::collection::vec(embedding(), 1..200), prop::collection::vec(crowded(), 1..200)],
            query in crowded(),
            limit in 1usize..20,
        ) {
            let (_dir, index) = built(&vectors, false);
            prop_assert_eq!(index.nearest(&query, limit).unwrap(), brute_force(&vectors, &query, limit));
        }
    }

    #[test]
    fn the_graph_agrees_with_the_scan_on_nearly_all_neighbours() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        let mut vector = || Embedding::new((0..DIM).map(|_| random()).collect()).unwrap();
        let vectors: Vec<Embedding> = (0..3000).map(|_| vector()).collect();
        let (_dir, index) = built(&vectors, true);
        assert!(index.graph().is_some());
        let (mut agreed, mut total) = (0, 0);
        for _ in 0..50 {
            let query = vector();
            let exact = brute_force(&vectors, &query, 10);
            let found = index.nearest(&query, 10).unwrap();
            assert_eq!(found.len(), 10);
            total += 10;
            agreed += exact.iter().filter(|c| found.iter().any(|f| f.chunk == c.chunk && f.score == c.score)).count();
        }
        assert!(agreed * 100 >= total * 97, "{agreed} of {total}");
    }

    #[test]
    fn a_query_of_another_dimension_is_an_error() {
        let (_dir, index) = built(&[Embedding::new(vec![1.0; DIM]).unwrap()], false);
        assert!(index.nearest(&Embedding::new(vec![1.0; 3]).unwrap(), 5).is_err());
    }
}
