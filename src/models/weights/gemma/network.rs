//! The network as an ONNX graph: words, layers, one vector of length one for the whole text.

use super::super::graph::{Attr, Dim, Graph, Value};
use super::super::onnx::{DataType, ModelProto};
use super::Result;
use super::config::{Config, Sight};
use super::tensors::Tensors;

/// Added to the scores of tokens that are not to be seen.
const UNSEEN: f32 = -1e9;
/// The names of a table of rotations start with it.
const LOCAL: &str = "rl";
const GLOBAL: &str = "rg";
/// The first matrix behind the mean makes vectors so many times as long.
const WIDENING: usize = 4;

/// `tensors` lose what the graph takes.
pub(super) fn model(config: &Config, tensors: Tensors) -> Result<ModelProto> {
    let mut network = Network { graph: Graph::default(), tensors, config };
    network.graph.floats("two", &[1], &[2.0]);
    network.graph.floats("eps", &[1], &[config.epsilon as f32]);
    network.graph.ints("axm1", &[-1]);
    let mut x = network.words()?;
    network.rotations();
    let masks = network.masks();
    network.constants();
    for (layer, sight) in config.layers.iter().enumerate() {
        x = network.layer(layer, *sight, &masks, &x)?;
    }
    let output = network.pooled(&x)?;
    let tokens = [Dim::Named("batch_size"), Dim::Named("sequence_length")];
    Ok(network.graph.model(
        "embeddinggemma-300m",
        "embeddinggemma_to_onnx",
        &[Value { name: "input_ids", shape: &tokens }, Value { name: "attention_mask", shape: &tokens }],
        &[Value { name: &output, shape: &[Dim::Named("batch_size"), Dim::Fixed(config.hidden)] }],
    ))
}

struct Network<'a> {
    graph: Graph,
    tensors: Tensors,
    config: &'a Config,
}

/// Names of what is added to the scores of a layer.
struct Masks {
    everything: String,
    window: String,
}

impl Network<'_> {
    /// The vectors of the words, as long as the network wants them: the factor is in the scales.
    fn words(&mut self) -> Result<String> {
        let Config { vocabulary, hidden, .. } = *self.config;
        let factor = (hidden as f64).sqrt() as f32;
        let (weights, mut scales) = self.tensors.words(vocabulary, hidden)?;
        scales.iter_mut().for_each(|scale| *scale *= factor);
        let graph = &mut self.graph;
        let by_row = [("axis", Attr::Int(0))];
        graph.raw("emb.q", &[vocabulary, hidden], DataType::Int8, weights);
        let weights = graph.node("Gather", &["emb.q", "input_ids"], "emb.g", &by_row);
        let weights = graph.node("Cast", &[&weights], "emb.f", &[("to", Attr::Int(DataType::Float as i64))]);
        graph.floats("emb.s", &[vocabulary, 1], &scales);
        let scales = graph.node("Gather", &["emb.s", "input_ids"], "emb.sg", &by_row);
        Ok(graph.node("Mul", &[&weights, &scales], "emb.out", &[]))
    }

    /// Cosines and sines of every position's angles, cut to the length of the text.
    fn rotations(&mut self) {
        self.graph.ints("z1", &[0]);
        self.graph.node("Shape", &["input_ids"], "S", &[("start", Attr::Int(1)), ("end", Attr::Int(2))]);
        for (name, base) in [(LOCAL, self.config.local_base), (GLOBAL, self.config.global_base)] {
            for (kind, function) in [("cos", libm::cos as fn(f64) -> f64), ("sin", libm::sin)] {
                self.rotation(&format!("{name}.{kind}"), base, function);
            }
        }
    }

    fn rotation(&mut self, name: &str, base: f64, function: fn(f64) -> f64) {
        let Config { positions, head, .. } = *self.config;
        let frequency = |pair: usize| 1.0 / libm::pow(base, (2 * pair) as f64 / head as f64);
        let frequencies: Vec<f64> = (0..head / 2).map(frequency).collect();
        let angles = (0..positions).flat_map(|position| frequencies.iter().map(move |f| position as f64 * f));
        let table: Vec<f32> = angles.map(|angle| function(angle) as f32).collect();
        let table = self.graph.floats(&format!("{name}.t"), &[positions, head / 2], &table);
        self.graph.node("Slice", &[&table, "z1", "S", "z1"], name, &[]);
    }

    /// 0 where a token may be seen, a large negative number elsewhere.
    fn masks(&mut self) -> Masks {
        let to_float = [("to", Attr::Int(DataType::Float as i64))];
        let positions: Vec<f32> = (0..self.config.positions).map(|position| position as f32).collect();
        // Between two whole distances, so that rounding cannot matter.
        let reach = self.config.reach() as f32 - 0.5;
        let graph = &mut self.graph;
        graph.floats("one", &[1], &[1.0]);
        graph.floats("neg", &[1], &[UNSEEN]);
        graph.ints("ax12", &[1, 2]);
        let mask = graph.node("Cast", &["attention_mask"], "am.f", &to_float);
        let mask = graph.node("Unsqueeze", &[&mask, "ax12"], "am.4", &[]);
        let padding = graph.node("Sub", &["one", &mask], "am.inv", &[]);
        let everything = graph.node("Mul", &[&padding, "neg"], "mask.g", &[]);

        graph.floats("ar", &[positions.len()], &positions);
        let positions = graph.node("Slice", &["ar", "z1", "S", "z1"], "ar.s", &[]);
        graph.ints("ax0", &[0]);
        graph.ints("ax1", &[1]);
        graph.floats("win", &[1], &[reach]);
        let column = graph.node("Unsqueeze", &[&positions, "ax1"], "ar.c", &[]);
        let row = graph.node("Unsqueeze", &[&positions, "ax0"], "ar.r", &[]);
        let distance = graph.node("Sub", &[&column, &row], "ar.d", &[]);
        let distance = graph.node("Abs", &[&distance], "ar.a", &[]);
        let far = graph.node("Greater", &[&distance, "win"], "win.g", &[]);
        let far = graph.node("Cast", &[&far], "win.f", &to_float);
        let far = graph.node("Mul", &[&far, "neg"], "win.m", &[]);
        let window = graph.node("Add", &[&everything, &far], "mask.l", &[]);
        Masks { everything, window }
    }

    /// What every layer reads.
    fn constants(&mut self) {
        let (heads, head) = (self.config.heads as i64, self.config.head as i64);
        let graph = &mut self.graph;
        graph.ints("shq", &[0, 0, heads, head]);
        graph.ints("shk", &[0, 0, 1, head]);
        graph.ints("sho", &[0, 0, heads * head]);
        graph.floats("scale", &[1], &[(1.0 / self.config.query_scalar.sqrt()) as f32]);
        graph.ints("st0", &[0]);
        graph.ints("sth", &[head / 2]);
        graph.ints("ste", &[head]);
        graph.ints("ax3", &[3]);
    }

    fn layer(&mut self, layer: usize, sight: Sight, masks: &Masks, x: &str) -> Result<String> {
        let Config { hidden, feed_forward, .. } = *self.config;
        let at = |part: &str| format!("layers.{layer}.{part}");
        let y = self.norm(x, &at("n1"), &at("input_layernorm.weight"), hidden)?;
        let y = self.attention(layer, sight, masks, &y)?;
        let y = self.norm(&y, &at("n2"), &at("post_attention_layernorm.weight"), hidden)?;
        let x = self.graph.node("Add", &[x, &y], &at("r1"), &[]);

        let y = self.norm(&x, &at("n3"), &at("pre_feedforward_layernorm.weight"), hidden)?;
        let gate = self.linear(&y, &at("gate"), &at("mlp.gate_proj.weight"), feed_forward, hidden)?;
        let gate = self.graph.node("Gelu", &[&gate], &at("gelu"), &[("approximate", Attr::Text("tanh"))]);
        let up = self.linear(&y, &at("up"), &at("mlp.up_proj.weight"), feed_forward, hidden)?;
        let y = self.graph.node("Mul", &[&gate, &up], &at("gu"), &[]);
        let y = self.linear(&y, &at("down"), &at("mlp.down_proj.weight"), hidden, feed_forward)?;
        let y = self.norm(&y, &at("n4"), &at("post_feedforward_layernorm.weight"), hidden)?;
        Ok(self.graph.node("Add", &[&x, &y], &at("r2"), &[]))
    }

    /// Every head has its own queries; keys and values are those of one head for all.
    fn attention(&mut self, layer: usize, sight: Sight, masks: &Masks, x: &str) -> Result<String> {
        let Config { hidden, heads, head, .. } = *self.config;
        let at = |part: &str| format!("layers.{layer}.{part}");
        let (table, mask) = match sight {
            Sight::Window => (LOCAL, &masks.window),
            Sight::Everything => (GLOBAL, &masks.everything),
        };
        let by_head = [("perm", Attr::Ints(&[0, 2, 1, 3]))];
        let query = self.linear(x, &at("q"), &at("self_attn.q_proj.weight"), heads * head, hidden)?;
        let key = self.linear(x, &at("k"), &at("self_attn.k_proj.weight"), head, hidden)?;
        let value = self.linear(x, &at("v"), &at("self_attn.v_proj.weight"), head, hidden)?;
        let query = self.graph.node("Reshape", &[&query, "shq"], &at("q.r"), &[]);
        let query = self.norm(&query, &at("qn"), &at("self_attn.q_norm.weight"), head)?;
        let query = self.graph.node("Transpose", &[&query], &at("q.t"), &by_head);
        let key = self.graph.node("Reshape", &[&key, "shk"], &at("k.r"), &[]);
        let key = self.norm(&key, &at("kn"), &at("self_attn.k_norm.weight"), head)?;
        let key = self.graph.node("Transpose", &[&key], &at("k.t"), &by_head);
        let value = self.graph.node("Reshape", &[&value, "shk"], &at("v.r"), &[]);
        let value = self.graph.node("Transpose", &[&value], &at("v.t"), &by_head);

        let query = self.graph.node("Mul", &[&query, "scale"], &at("q.sc"), &[]);
        let scores = self.scores(layer, &query, &key, table);
        let graph = &mut self.graph;
        let scores = graph.node("Add", &[&scores, mask], &at("qkm"), &[]);
        let shares = graph.node("Softmax", &[&scores], &at("pr"), &[("axis", Attr::Int(-1))]);
        let context = graph.node("MatMul", &[&shares, &value], &at("pv"), &[]);
        let context = graph.node("Transpose", &[&context], &at("pvt"), &by_head);
        let context = graph.node("Reshape", &[&context, "sho"], &at("ctx"), &[]);
        self.linear(&context, &at("o"), &at("self_attn.o_proj.weight"), hidden, heads * head)
    }

    /// Queries times keys, half by half. Over a whole head ONNX Runtime sums in another order when the batch is
    /// padded beyond 64 tokens, and rounding activations to eight bits makes 0.003 of such a last bit: a passage
    /// would differ from itself in another batch.
    fn scores(&mut self, layer: usize, query: &str, key: &str, table: &str) -> String {
        let at = |part: &str| format!("layers.{layer}.{part}");
        let queries = self.rotated(query, &at("q"), table);
        let keys = self.rotated(key, &at("k"), table);
        let graph = &mut self.graph;
        let [first, second] = [0, 1].map(|half| {
            let name = |part: &str| at(&format!("{part}{}", half + 1));
            let key = graph.node("Transpose", &[&keys[half]], &name("kt"), &[("perm", Attr::Ints(&[0, 1, 3, 2]))]);
            graph.node("MatMul", &[&queries[half], &key], &name("qk"), &[])
        });
        graph.node("Add", &[&first, &second], &at("qk"), &[])
    }

    /// The halves of a vector, turned against each other by its position's angles.
    fn rotated(&mut self, x: &str, name: &str, table: &str) -> [String; 2] {
        let graph = &mut self.graph;
        let (cos, sin) = (format!("{table}.cos"), format!("{table}.sin"));
        let at = |part: &str| format!("{name}.{part}");
        let first = graph.node("Slice", &[x, "st0", "sth", "ax3"], &at("h1"), &[]);
        let second = graph.node("Slice", &[x, "sth", "ste", "ax3"], &at("h2"), &[]);
        let mut times = |half: &str, table: &str, part: &str| graph.node("Mul", &[half, table], &at(part), &[]);
        let [along, across] = [times(&first, &cos, "1c"), times(&second, &sin, "2s")];
        let [second_along, second_across] = [times(&second, &cos, "2c"), times(&first, &sin, "1s")];
        [
            graph.node("Sub", &[&along, &across], &at("r1"), &[]),
            graph.node("Add", &[&second_along, &second_across], &at("r2"), &[]),
        ]
    }

    /// The mean of the tokens' vectors through two matrices, brought to length one.
    fn pooled(&mut self, x: &str) -> Result<String> {
        let hidden = self.config.hidden;
        let x = self.norm(x, "last_hidden_state", "norm.weight", hidden)?;
        let graph = &mut self.graph;
        // A product, not `ReduceSum`, which sums in another order in another batch.
        let mask = graph.node("Unsqueeze", &["am.f", "ax1"], "am.3", &[]);
        let sum = graph.node("MatMul", &[&mask, &x], "pool.3", &[]);
        let sum = graph.node("Squeeze", &[&sum, "ax1"], "pool.n", &[]);
        let count = graph.node("ReduceSum", &["am.f", "ax1"], "pool.d", &[("keepdims", Attr::Int(1))]);
        let mean = graph.node("Div", &[&sum, &count], "pooled", &[]);
        let wide = self.linear(&mean, "dense2", "2_Dense/linear.weight", WIDENING * hidden, hidden)?;
        let vector = self.linear(&wide, "dense3", "3_Dense/linear.weight", hidden, WIDENING * hidden)?;
        let length = self.graph.node("ReduceL2", &[&vector, "axm1"], "l2", &[("keepdims", Attr::Int(1))]);
        Ok(self.graph.node("Div", &[&vector, &length], "sentence_embedding", &[]))
    }

    fn linear(&mut self, x: &str, name: &str, tensor: &str, rows: usize, columns: usize) -> Result<String> {
        let matrix = self.tensors.matrix(tensor, rows, columns)?;
        Ok(self.graph.packed_matmul(x, name, name, matrix))
    }

    /// Over the root of the mean of squares; the weights are stored less one.
    fn norm(&mut self, x: &str, name: &str, tensor: &str, length: usize) -> Result<String> {
        let mut weights = self.tensors.vector(tensor, length)?;
        weights.iter_mut().for_each(|weight| *weight += 1.0);
        let graph = &mut self.graph;
        let at = |part: &str| format!("{name}.{part}");
        let squares = graph.node("Pow", &[x, "two"], &at("p"), &[]);
        let mean = graph.node("ReduceMean", &[&squares, "axm1"], &at("m"), &[("keepdims", Attr::Int(1))]);
        let mean = graph.node("Add", &[&mean, "eps"], &at("e"), &[]);
        let root = graph.node("Sqrt", &[&mean], &at("r"), &[]);
        let x = graph.node("Div", &[x, &root], &at("d"), &[]);
        let weights = graph.floats(&at("w"), &[length], &weights);
        Ok(graph.node("Mul", &[&x, &weights], name, &[]))
    }
}
