//! What a writer finds: the generation before, or what a rebuild can still make out of a damaged one.

use super::checksum::{Depth, require_sound};
use super::layout::Layout;
use super::manifest::{self, Documents, Manifest};
use super::vector_log::{Stems, VectorLogWriter};
use crate::embedding::ModelId;
use crate::error::Result;
use crate::store::{Generation, Source, Start, StoreProblem};

pub struct Before {
    /// None where nothing is published, and where a rebuild found it damaged.
    pub manifest: Option<Manifest>,
    pub sources: Vec<Source>,
    /// What the generation before held; empty where there is none, and where it is not to be read any more.
    pub documents: Documents,
    /// Of the generation before, or of the newest folder that one could have been in.
    newest: Generation,
    /// Whether something was published that a rebuild cannot trust.
    pub is_damaged: bool,
}

impl Before {
    pub fn read(layout: &Layout, start: &Start, analysis: &str) -> Result<Before> {
        let found = layout.current().and_then(|pointer| pointer.map(|pointer| layout.manifest(&pointer)).transpose());
        match found {
            Ok(None) => Ok(Before::nothing()),
            Ok(Some(manifest)) => Before::published(layout, manifest, start, analysis),
            // Whatever is wrong with it, a rebuild does not need it.
            Err(error) if start.rebuild => {
                tracing::debug!(%error, "rebuilding what cannot be read");
                Ok(Before::recovered(layout))
            }
            Err(error) => Err(error),
        }
    }

    fn nothing() -> Before {
        Before {
            manifest: None,
            sources: Vec::new(),
            documents: Documents::new(),
            newest: Generation(0),
            is_damaged: false,
        }
    }

    /// What is gone on from is looked at whole first: damage would be copied, and get a checksum of its own.
    fn published(layout: &Layout, manifest: Manifest, start: &Start, analysis: &str) -> Result<Before> {
        if !start.rebuild && manifest.embedder != start.embedder {
            let (built, asked) = (manifest.embedder.name, start.embedder.name.clone());
            return Err(StoreProblem::OtherEmbedder { built, asked }.into());
        }
        let newest = Generation(manifest.generation);
        let dir = layout.generation(newest);
        let documents = if start.rebuild || manifest.require_current(&dir, analysis).is_err() {
            // Whatever is wrong with it: a document then gets the id that it would have in a new collection.
            manifest.read_documents(&dir).unwrap_or_else(|_| manifest::recovered_documents(&dir))
        } else {
            require_sound(&dir, &manifest.files, Depth::Whole)?;
            manifest.read_documents(&dir)?
        };
        Ok(Before { sources: manifest.sources.clone(), manifest: Some(manifest), documents, newest, is_damaged: false })
    }

    fn recovered(layout: &Layout) -> Before {
        let newest = layout.numbers().last().copied().unwrap_or(Generation(0));
        let documents = manifest::recovered_documents(&layout.generation(newest));
        Before { manifest: None, sources: layout.recovered_sources(), documents, newest, is_damaged: true }
    }

    /// The generation that a writer makes.
    pub fn next(&self) -> Generation {
        Generation(self.newest.0.saturating_add(1))
    }

    /// The embedder's log to go on with. A rebuild leaves one that lacks published rows as it is, and begins another: what is
    /// sound of the old one is adopted.
    pub fn log(&self, layout: &Layout, embedder: &ModelId, rebuild: bool) -> Result<VectorLogWriter> {
        let (dir, stems) = (layout.vectors(), Stems::of(embedder));
        let known = self.manifest.as_ref().filter(|manifest| stems.has(&manifest.vector_log));
        let stem = match known {
            Some(manifest) => manifest.vector_log.clone(),
            // Nobody knows how much of the logs there was published.
            None if self.is_damaged => stems.next(&dir),
            None => stems.numbered(1),
        };
        let published = known.map_or(0, |manifest| manifest.vector_rows);
        match VectorLogWriter::open(&dir, &stem, embedder.dim, published) {
            Err(error) if rebuild && error.downcast_ref::<StoreProblem>().is_some_and(StoreProblem::is_damage) => {
                tracing::debug!(%error, "beginning another log of vectors");
                VectorLogWriter::open(&dir, &stems.next(&dir), embedder.dim, 0)
            }
            opened => opened,
        }
    }
}
