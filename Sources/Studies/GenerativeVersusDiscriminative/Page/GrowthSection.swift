internal import Charts
internal import Foundation

/// How the rows needed grow with the features.
struct GrowthSection {
  let growths: [FeatureGrowth]

  var section: StudyPage.Section {
    StudyPage.Section(
      findings: [finding], text: text, charts: [("growth", ChartSheet(growths.map(chart), columns: 4))],
      figures: figures)
  }

  private func exponent(_ growth: FeatureGrowth, isGenerative: Bool) -> FeatureGrowth.Figure? {
    growth.learners.firstIndex { $0.isGenerative == isGenerative }.map { growth.exponents[$0] }
  }

  private var finding: String {
    let pairs = growths.compactMap { growth in
      exponent(growth, isGenerative: true).flatMap { a in
        exponent(growth, isGenerative: false).map { (growth.table, a, $0) }
      }
    }
    func range(_ figures: [FeatureGrowth.Figure]) -> String {
      let values = figures.map(\.mean)
      return "\(Markdown.number(values.min() ?? .nan, 2)) to \(Markdown.number(values.max() ?? .nan, 2))"
    }
    let steeper = pairs.filter { _, a, b in
      let error = (a.standardError * a.standardError + b.standardError * b.standardError).squareRoot()
      return b.mean - a.mean > 2 * error
    }
    return
      "**O(log n) against O(n).** On \(steeper.count) of \(pairs.count) wide tables the rows that logistic regression needs grow "
      + "surely faster with the number of features n than those of naive Bayes. As a power of n they grow with exponents of "
      + "\(range(pairs.map(\.1))) for naive Bayes and \(range(pairs.map(\.2))) for logistic regression; log n itself has \(range(growths.map(Self.logarithm))) over these n, and n has 1."
  }

  /// The exponent that rows ∝ log n would have over the same numbers of features.
  private static func logarithm(_ growth: FeatureGrowth) -> FeatureGrowth.Figure {
    let rows = growth.features.map { log(Double($0)) }
    return .init(mean: FeatureGrowth.exponent(growth.features, rows), standardError: 0)
  }

  private var text: String {
    """
    ## Rows needed, by the number of features

    On every table with \(TableStudy.wide.features) features or more and \(TableStudy.wide.rowsEach) rows to learn from for each: n of the features at random in
    each split, and the least number of rows from which on the mean error stays within \(Markdown.number(FeatureGrowth.margin * 100, 0)) points of that with all rows. The exponent b of rows ∝ nᵇ is a straight line's slope in the
    chart; its standard error is from \(FeatureGrowth.rounds) bootstrap samples of the splits.

    ![rows needed](growth.png)

    \(Markdown.table([header] + growths.flatMap(rows)))
    """
  }

  private var header: [String] { ["table", "learner", "n", "rows needed", "exponent"] }

  private func rows(_ growth: FeatureGrowth) -> [[String]] {
    growth.learners.indices.map { learner in
      let (needed, exponent) = (growth.needed[learner], growth.exponents[learner])
      return [
        growth.table, growth.learners[learner].rawValue,
        growth.features.map(String.init).joined(separator: ", "),
        needed.map { Markdown.rough($0.mean) }.joined(separator: ", "),
        "\(Markdown.number(exponent.mean, 2)) ± \(Markdown.number(exponent.standardError, 2))",
      ]
    }
  }

  private var figures: [[String]] {
    growths.flatMap { growth in
      growth.learners.indices.flatMap { learner in
        [
          [
            "growth", growth.table, growth.learners[learner].rawValue, "", "exponent",
            Markdown.number(growth.exponents[learner].mean, 3),
            Markdown.number(growth.exponents[learner].standardError, 3),
          ]
        ]
          + zip(growth.features, growth.needed[learner]).map { count, needed in
            [
              "growth", growth.table, growth.learners[learner].rawValue, "\(count)", "rows needed",
              Markdown.number(needed.mean, 1), Markdown.number(needed.standardError, 1),
            ]
          }
      }
    }
  }

  private func chart(_ growth: FeatureGrowth) -> LineChart {
    LineChart(
      growth.table, horizontal: "features", vertical: "rows needed",
      curves: growth.learners.indices.map { learner in
        .init(
          growth.learners[learner].rawValue,
          zip(growth.features, growth.needed[learner]).map {
            .init(Double($0), $1.mean, error: $1.standardError)
          }, colour: growth.learners[learner].colour)
      }, scales: (.logarithmic, .logarithmic))
  }
}
