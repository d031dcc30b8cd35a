#!/usr/bin/env python3
"""Compares the metrics of `rag eval` with pytrec_eval's.

  pip install pytrec-eval-terrier
  python evals/reference/check.py REPORT.json QRELS.tsv RUN...   # of `rag eval retrieval --json --runs`
  python evals/reference/check.py --write                        # makes expected.json anew

A run file's system is its last column. MRR@10 is the reciprocal rank over the first ten.
"""
import json, pathlib, struct, sys
import pytrec_eval

HERE = pathlib.Path(__file__).parent
MEASURES = {"ndcg@10": "ndcg_cut_10", "recall@5": "recall_5", "recall@10": "recall_10", "recall@100": "recall_100",
            "map": "map", "success@1": "success_1"}


def read_run(path):
    run, system = {}, None
    for line in open(path):
        topic, _, document, _, score, system = line.split()
        run.setdefault(topic, {})[document] = float(score)
    return system, run


def read_qrels(path):
    qrels = {}
    for line in open(path):
        topic, *_, document, grade = line.split()
        if grade.lstrip("-").isdigit():
            qrels.setdefault(topic, {})[document] = int(grade)
    return qrels


def first_ten(ranking):
    """In trec_eval's order: scores have 32 bits, equal ones go by falling id."""
    bits = lambda score: struct.unpack("f", struct.pack("f", score))[0]
    by_id = sorted(ranking.items(), reverse=True)
    return dict(sorted(by_id, key=lambda pair: -bits(pair[1]))[:10])


def values(run, qrels, level=1):
    evaluator = lambda measures: pytrec_eval.RelevanceEvaluator(qrels, measures, relevance_level=level)
    per_topic = evaluator({"ndcg_cut.10", "recall.5,10,100", "map", "success.1"}).evaluate(run)
    mean = lambda result, measure: sum(result.get(topic, {}).get(measure, 0.0) for topic in qrels) / len(qrels)
    found = {ours: mean(per_topic, theirs) for ours, theirs in MEASURES.items()}
    cut = {topic: first_ten(ranking) for topic, ranking in run.items()}
    found["mrr@10"] = mean(evaluator({"recip_rank"}).evaluate(cut), "recip_rank")
    return found


def write():
    qrels = read_qrels(HERE / "qrels.tsv")
    expected = {str(level): {read_run(path)[0]: values(read_run(path)[1], qrels, level)
                             for path in sorted(HERE.glob("*.run"))} for level in (1, 2)}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def compare(report_path, qrels_path, run_paths):
    report, qrels, worst = json.load(open(report_path)), read_qrels(qrels_path), 0.0
    for path in run_paths:
        system, run = read_run(path)
        for metric, value in values(run, qrels).items():
            ours = report["systems"][system][metric]
            worst = max(worst, abs(ours - value))
            if abs(ours - value) > 1e-6:
                print(f"{system} {metric}: {ours} here, {value} by pytrec_eval")
    print(f"largest difference {worst:.1e}")
    return 1 if worst > 1e-6 else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    elif len(sys.argv) > 3:
        sys.exit(compare(sys.argv[1], sys.argv[2], sys.argv[3:]))
    else:
        sys.exit(__doc__)
