internal import Charts
internal import Foundation

/// Learning curves on tables.
struct TableSection {
  let curves: [LearningCurve]
  let splits: Int
  private let settings = LearningCurve.Settings()
  private let solver = LimitedMemoryBFGS()

  init(curves: [LearningCurve], splits: Int) { (self.curves, self.splits) = (curves, splits) }

  var section: StudyPage.Section {
    StudyPage.Section(
      findings: findings, text: text,
      charts: [("tables", ChartSheet(curves.map(chart), columns: 4))], figures: figures)
  }

  // ── What comes of one table ──

  private func advantages(_ curve: LearningCurve, of learner: Learner, over other: Learner) -> [(
    rows: Int, mean: Double, standardError: Double
  )] {
    curve.sizes.indices.compactMap { place in
      curve.advantage(of: learner, over: other, place)
        .map { (curve.sizes[place], $0.mean, $0.standardError) }
    }
  }

  private func crossing(_ curve: LearningCurve, _ other: Learner) -> Crossing {
    Crossing(advantages(curve, of: curve.partner, over: other))
  }

  private static func words(_ crossing: Crossing) -> String {
    switch crossing {
    case .crosses(let rows): "crosses at \(Markdown.rough(rows)) rows"
    case .crossesBack(let rows): "the other way round, at \(Markdown.rough(rows)) rows"
    case .firstAhead: "naive Bayes ahead"
    case .secondAhead: "logistic regression ahead"
    case .changes: "changes more than once"
    case .even: "nothing sure"
    }
  }

  /// 1 where `a` is surely wrong less often with all rows, −1 where `b` is, else 0.
  private func winner(_ curve: LearningCurve, _ a: Learner, _ b: Learner, at place: Int) -> Int {
    guard let (mean, error) = curve.advantage(of: a, over: b, place), abs(mean) > 2 * error else { return 0 }
    return mean > 0 ? 1 : -1
  }

  // ── The findings ──

  private func names(_ isIncluded: (LearningCurve) -> Bool) -> [String] {
    curves.filter(isIncluded).map(\.table)
  }

  private func count(_ names: [String]) -> String {
    names.count > 4 || names.isEmpty
      ? "\(names.count) of \(curves.count) tables"
      : "\(names.count) of \(curves.count) tables (\(Markdown.list(names)))"
  }

  private var findings: [String] {
    let loose = Learner.looseLogistic
    let crossed = names { if case .crosses = crossing($0, loose) { true } else { false } }
    let back = names { if case .crossesBack = crossing($0, loose) { true } else { false } }
    let first = names { crossing($0, loose) == .firstAhead }
    let second = names { crossing($0, loose) == .secondAhead }
    let early = names { winner($0, $0.partner, loose, at: 0) > 0 }
    let late = names { winner($0, $0.partner, loose, at: $0.sizes.count - 1) < 0 }
    let wrong = names { winner($0, $0.partner, loose, at: $0.sizes.count - 1) > 0 }
    let penalised = names { winner($0, $0.partner, .logistic, at: 0) > 0 }
    let richer = names { curve in
      curve.learners.contains(.gaussianPerClass)
        && winner(curve, .gaussianPerClass, loose, at: curve.sizes.count - 1) > 0
    }
    return [
      "**The crossing.** Beside logistic regression with hardly a penalty, stopped early (see below), naive Bayes is ahead in small samples and logistic regression in large ones on "
        + "\(count(crossed)); naive Bayes is surely ahead somewhere and surely behind nowhere on \(count(first)), logistic regression likewise on "
        + "\(count(second)), and the order is the other way round on \(count(back)).",
      "**Asymptotes.** With the most rows logistic regression is surely wrong less "
        + "often on \(count(late)), naive Bayes on \(count(wrong)). The theory is about infinitely many.",
      "**With \(curves.map { $0.sizes[0] }.min() ?? 0) rows** naive Bayes surely beats logistic regression on \(count(early)); with the usual penalty in "
        + "logistic regression on \(count(penalised)).",
      "**Another generative model.** With a variance for each class, which no linear rule can follow, naive Bayes "
        + "surely beats logistic regression with the most rows on \(count(richer)).",
    ]
  }

  // ── The text ──

  private var text: String {
    """
    ## Tables

    Each table is split \(splits) times at random into rows to learn from and rows to test on (\(Markdown.number(settings.testedShare * 100, 0)) %, at most \(Markdown.grouped(settings.mostTested))); within a split a smaller
    sample is the beginning of a larger one, so differences are of pairs. Naive Bayes: Gaussian numbers with one variance for all
    classes (the partner of logistic regression: its boundary is linear as well) or one for each class, multinomial categories and
    counts with one more of each level, P(class) by frequency. Logistic regression: penalty λ/2 ‖W‖² with λ = 1, scikit-learn's
    usual one, and 0.001, which is hardly any. The latter is stopped at a gradient of \(solver.tolerance) or after \(solver.iterations) iterations, before its minimum:
    stopping early regularises it, so read its column as that learner's. At most \(Markdown.grouped(settings.mostLearned)) rows
    are learned from. Numbers are standardised by the sample; a class that the sample does not show is
    not said by any of them. Error bars show how much the mean over splits would vary over other splits of the same table, not
    over other tables of the same kind.

    ![learning curves](tables.png)

    Error (%) with the fewest and with the most rows of the partner of logistic regression, and of logistic regression with hardly
    a penalty; who is ahead, by all sizes, against it and against the one with the usual penalty:

    \(Markdown.table([header] + curves.map(row)))
    """
  }

  private let header = [
    "table", "rows", "features", "classes", "naive Bayes, first", "logistic, first", "naive Bayes, most",
    "logistic, most", "hardly a penalty", "usual penalty",
  ]

  private func row(_ curve: LearningCurve) -> [String] {
    let last = curve.sizes.count - 1
    return [
      curve.table, Markdown.grouped(curve.rows), "\(curve.columns.features)", "\(curve.classes)",
      Markdown.percent(curve.error(curve.partner, 0)), Markdown.percent(curve.error(.looseLogistic, 0)),
      Markdown.percent(curve.error(curve.partner, last)),
      Markdown.percent(curve.error(.looseLogistic, last)),
      Self.words(crossing(curve, .looseLogistic)), Self.words(crossing(curve, .logistic)),
    ]
  }

  private var figures: [[String]] {
    curves.flatMap { curve in
      curve.learners.flatMap { learner in
        curve.sizes.indices.compactMap { place in
          curve.error(learner, place).map {
            [
              "tables", curve.table, learner.rawValue, "\(curve.sizes[place])", "error",
              Markdown.number($0.mean, 5), Markdown.number($0.standardError, 5),
            ]
          }
        }
      }
    }
  }

  private func chart(_ curve: LearningCurve) -> LineChart {
    LineChart(
      curve.table, horizontal: "rows learned from", vertical: "wrong (%)",
      curves: curve.learners.map { learner in
        .init(
          learner.rawValue,
          curve.sizes.indices.compactMap { place in
            curve.error(learner, place).map {
              .init(Double(curve.sizes[place]), $0.mean * 100, error: $0.standardError * 100)
            }
          }, colour: learner.colour)
      }, scales: (.logarithmic, .linear))
  }
}

extension Learner {
  /// In `LineChart.colours`.
  var colour: Int {
    switch self {
    case .gaussian: 0
    case .gaussianPerClass: 5
    case .multinomial: 2
    case .logistic: 1
    case .looseLogistic: 4
    }
  }
}
