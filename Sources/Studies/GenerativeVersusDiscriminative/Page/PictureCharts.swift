internal import Charts

/// Errors by the number of pictures, and by how many answers are given.
struct PictureCharts {
  let figures: PictureFigures

  private static func colour(_ learner: String, _ place: Int) -> Int {
    learner == PictureFigures.discriminative ? 1 : [0, 2, 3, 5, 4][place % 5]
  }

  private func curves(_ make: (_ learner: String) -> [LineChart.Point], suffix: String = "") -> [LineChart
    .Curve]
  {
    figures.learners.enumerated().compactMap { place, learner in
      let points = make(learner)
      return points.isEmpty
        ? nil : .init(learner + suffix, points, colour: Self.colour(learner, place))
    }
  }

  private func point(_ size: Int, _ figure: PictureFigures.Figure?) -> LineChart.Point? {
    figure.map { .init(Double(size), $0.mean * 100, error: $0.standardError * 100) }
  }

  var errors: [LineChart] {
    func chart(_ title: String, _ sizes: [Int], _ error: (String, Int) -> PictureFigures.Figure?) -> LineChart
    {
      LineChart(
        title, horizontal: "pictures trained on", vertical: "wrong (%)",
        curves: curves { learner in sizes.compactMap { point($0, error(learner, $0)) } },
        range: 0...100, scales: (.logarithmic, .linear))
    }
    let shown = [("as they are", PictureCondition.clean), ("noisy", .noisy), ("half missing", .half)].map {
      title, condition in chart(title, figures.sizes) { figures.error($0, $1, condition) }
    }
    let answered = shown.filter { !$0.curves.isEmpty }
    guard !figures.contaminatedSizes.isEmpty else { return answered }
    return answered + [
      chart("strangers among them", figures.contaminatedSizes) {
        figures.error($0, $1, .clean, isContaminated: true)
      }
    ]
  }

  private static let coverages = (1...50).map { Double($0) / 50 }

  var abstention: [LineChart] {
    func points(_ learner: String, _ size: Int, _ risk: (PictureRun) -> [Double]?) -> [LineChart.Point] {
      let all = figures.some(learner, size).compactMap(risk)
      guard !all.isEmpty else { return [] }
      return Self.coverages.indices.map { place in
        .init(
          Self.coverages[place] * 100, all.reduce(0) { $0 + $1[place] } / Double(all.count) * 100)
      }
    }
    return figures.shownSizes.flatMap { size -> [LineChart] in
      let name = Markdown.grouped(size)
      let plain = LineChart(
        "trained on \(name)", horizontal: "answers given (%)", vertical: "wrong among them (%)",
        curves: curves { learner in
          points(learner, size) { run in
            run.answers[.clean].map {
              Abstention.risk(scores: $0.confidence, isRight: $0.isRight, coverages: Self.coverages)
            }
          }
        })
      guard figures.hasStrangers else { return [plain] }
      let byPosterior = curves { learner in
        points(learner, size) { $0.mixedRisk(byTypicality: false, coverages: Self.coverages) }
      }
      let byTypicality = curves(
        { learner in points(learner, size) { $0.mixedRisk(byTypicality: true, coverages: Self.coverages) } },
        suffix: ", by typicality"
      ).map { curve in
        var curve = curve
        curve.isDashed = true
        return curve
      }
      return [
        plain,
        LineChart(
          "\(name), mixed with strangers", horizontal: "answers given (%)",
          vertical: "wrong among them (%)", curves: byPosterior + byTypicality, range: 0...100),
      ]
    }
  }
}
