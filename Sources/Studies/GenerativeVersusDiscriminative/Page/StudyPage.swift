internal import Charts
internal import Foundation
internal import MediaIO
internal import PipelineCore

/// The page of results: `README.md` with its charts, and `results.csv` with the figures.
struct StudyPage {
  let settings: PictureSettings
  /// Random partitions of each table.
  let splits: Int
  var curves: [LearningCurve] = []
  var growths: [FeatureGrowth] = []
  var runs: [PictureRun] = []
  var committed: [PictureRun] = []
  /// What the pictures are called, and the strangers.
  var names = (pictures: "", strangers: "")

  /// A part of the page.
  struct Section {
    /// In a sentence each, for the top of the page.
    var findings: [String]
    var text: String
    var charts: [(name: String, sheet: ChartSheet)]
    /// Rows of `results.csv`, see `columns`.
    var figures: [[String]]
  }

  static let columns = ["part", "of", "learner", "size", "figure", "mean", "standard error"]

  /// - Returns: the page.
  /// - Throws: `MediaError` when it cannot be written, `ChartError`.
  func write(to folder: URL) throws -> URL {
    let sections = [
      curves.isEmpty ? nil : TableSection(curves: curves, splits: splits).section,
      growths.isEmpty ? nil : GrowthSection(growths: growths).section,
      runs.isEmpty ? nil : PictureSection(page: self).section,
    ].compactMap { $0 }
    // All are drawn before one is written.
    let charts = try sections.flatMap(\.charts).flatMap { name, sheet in
      try LineChart.Format.allCases.map { (file: "\(name).\($0.rawValue)", data: try sheet.file($0)) }
    }
    for (file, data) in charts { try AtomicFile.write(data, to: folder.appendingPathComponent(file)) }
    let rows = [Self.columns] + sections.flatMap(\.figures)
    let csv = rows.map { row in row.map(Self.field).joined(separator: ",") + "\n" }.joined()
    try AtomicFile.write(Data(csv.utf8), to: folder.appendingPathComponent("results.csv"))
    let page = folder.appendingPathComponent("README.md")
    try AtomicFile.write(Data(text(sections).utf8), to: page)
    return page
  }

  private static func field(_ text: String) -> String {
    text.contains { ",\"\n".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  private func text(_ sections: [Section]) -> String {
    """
    # Generative against discriminative

    Why model P(x | y) when only y is asked for? Ng & Jordan (2002, "On discriminative vs. generative classifiers: a comparison
    of logistic regression and naive Bayes") gave an answer: the generative model is wrong more often once the data are many,
    but it comes near its own best with far fewer. Here their experiment is done again, and then with this package's models of
    pictures. This page was written by `pipeline study generative-vs-discriminative` from its results alone; errors are
    percentages with standard errors, and *sure* means more than twice the standard error of
    one comparison: there are many here, and some such are chance.

    ## In short

    \(sections.flatMap(\.findings).map { "- \($0)" }.joined(separator: "\n"))

    \(sections.map(\.text).joined(separator: "\n\n"))

    ## Again

    ```sh
    scripts/gather-tables TABLES                  # from scikit-learn and R's packages; TABLES/SOURCES.txt names each origin
    apt-get install dataset-fashion-mnist
    pipeline study generative-vs-discriminative --tables TABLES --foreign MNIST -o FOLDER
    ```

    MNIST is a folder with MNIST's files. Everything random is keyed by seeds, so one machine gives this page again byte for byte.
    The figures are in [`results.csv`](results.csv), but for the curves by coverage; the charts are there as SVG, too.

    """
  }
}
