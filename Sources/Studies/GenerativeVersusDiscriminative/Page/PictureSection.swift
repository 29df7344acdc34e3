internal import Charts
internal import Foundation

/// Models of pictures, by the number of pictures that they were trained on.
struct PictureSection {
  private let figures: PictureFigures
  private let committed: PictureFigures
  private let plan: PictureSettings.Plan
  private let names: (pictures: String, strangers: String)

  init(page: StudyPage) {
    figures = PictureFigures(runs: page.runs)
    committed = PictureFigures(runs: page.committed)
    plan = page.settings.plan
    names = page.names
  }

  private static let discriminative = "discriminative"
  private static let sure = 0.99

  private var hasStrangers: Bool { figures.runs.contains { $0.answers[.strangers] != nil } }

  var section: StudyPage.Section {
    StudyPage.Section(
      findings: findings, text: text,
      charts: [
        ("pictures", ChartSheet(errorCharts, columns: 2)),
        ("abstention", ChartSheet(abstentionCharts, columns: 2)),
      ], figures: csv)
  }

  // ── The findings ──

  private var findings: [String] {
    [sizeFinding, halfFinding, outlierFinding, confidenceFinding, strangerFinding].compactMap { $0 }
  }

  /// The generative learner that is wrong least often, where one is.
  private func best(_ size: Int, _ condition: PictureCondition) -> (
    name: String, error: PictureFigures.Figure
  )? {
    figures.generative.compactMap { name in figures.error(name, size, condition).map { (name, $0) } }
      .min { $0.1.mean < $1.1.mean }.map { (name: $0.0, error: $0.1) }
  }

  /// Sizes at which the best generative learner is surely ahead, and those at which it is surely behind.
  private func ahead(_ condition: PictureCondition) -> (ahead: [String], behind: [String]) {
    var result: (ahead: [String], behind: [String]) = ([], [])
    for size in figures.sizes {
      guard let best = best(size, condition), let other = figures.error(Self.discriminative, size, condition)
      else { continue }
      let difference = PictureFigures.difference(other, best.error)
      guard abs(difference.mean) > 2 * difference.standardError else { continue }
      if difference.mean > 0 {
        result.ahead.append("\(Markdown.grouped(size)) (\(best.name))")
      } else {
        result.behind.append(Markdown.grouped(size))
      }
    }
    return result
  }

  private func phrase(_ condition: PictureCondition) -> String {
    let (ahead, behind) = ahead(condition)
    return "the best model of P(picture | class) is surely ahead of the network that only classifies with "
      + "\(ahead.isEmpty ? "no number of pictures" : Markdown.list(ahead) + " pictures"), and surely behind with "
      + "\(behind.isEmpty ? "none" : Markdown.list(behind))"
  }

  private var sizeFinding: String { "**Pictures, as they are:** \(phrase(.clean))." }

  private var halfFinding: String {
    "**Half missing, and noise:** with the lower half missing \(phrase(.half)); with noise \(phrase(.noisy))."
  }

  /// Whether a figure of every generative learner is surely above the discriminative one's, by size.
  private func claim(_ sizes: [Int], _ figure: (_ learner: String, _ size: Int) -> PictureFigures.Figure?)
    -> (holds: [String], fails: [String], open: [String])
  {
    var result: (holds: [String], fails: [String], open: [String]) = ([], [], [])
    for size in sizes {
      guard let other = figure(Self.discriminative, size) else { continue }
      let differences = figures.generative.compactMap { figure($0, size) }.map {
        PictureFigures.difference($0, other)
      }
      guard !differences.isEmpty else { continue }
      let text = Markdown.grouped(size)
      if differences.allSatisfy({ $0.mean > 2 * $0.standardError }) {
        result.holds.append(text)
      } else if differences.allSatisfy({ $0.mean < -2 * $0.standardError }) {
        result.fails.append(text)
      } else {
        result.open.append(text)
      }
    }
    return result
  }

  private static func verdict(
    _ claim: (holds: [String], fails: [String], open: [String]), _ holds: String, _ fails: String
  )
    -> String
  {
    [
      claim.holds.isEmpty ? nil : "with \(Markdown.list(claim.holds)) pictures \(holds)",
      claim.fails.isEmpty ? nil : "with \(Markdown.list(claim.fails)) \(fails)",
      claim.open.isEmpty
        ? nil : "with \(Markdown.list(claim.open)) the models do not agree or the difference is not sure",
    ].compactMap { $0 }.joined(separator: "; ")
  }

  private var outlierFinding: String? {
    guard !figures.contaminatedSizes.isEmpty else { return nil }
    let claim = claim(figures.contaminatedSizes) { figures.harm($0, $1) }
    return "**“Generative models suffer from outliers”:** strangers among the training pictures do "
      + Self.verdict(
        claim, "surely more harm to every model of P(picture | class)",
        "surely more harm to the network that only classifies") + "."
  }

  private func confidentErrors(_ learner: String, _ size: Int) -> PictureFigures.Figure? {
    figures.figure(learner, size) { $0.answers[.clean]?.confidentErrors(Self.sure) }
  }

  private var confidenceFinding: String {
    let claim = claim(figures.sizes, confidentErrors)
    return
      "**“Discriminative models make confident errors”:** wrong answers with 99 % confidence or more are, "
      + Self.verdict(
        claim, "surely more often those of every model of P(picture | class)",
        "surely more often those of the network that only classifies")
      + (claim.holds.isEmpty
        ? "."
        : ". A density is a product over hundreds of pixels, and small mistakes in each make a posterior that is hardly ever in doubt.")
  }

  private var strangerFinding: String? {
    guard hasStrangers, let size = figures.sizes.last else { return nil }
    let parts = figures.generative.compactMap { name in
      figures.figure(name, size) { $0.refused(.strangers) }
        .map { "\(name) \(Markdown.number($0.mean * 100, 0)) %" }
    }
    let fooled = figures.figure(Self.discriminative, size) {
      $0.answers[.strangers]?.confidentErrors(Self.sure)
    }
    return
      "**What only a density can do:** of strangers (\(names.strangers)), the models trained on \(Markdown.grouped(size)) pictures refuse "
      + "\(Markdown.list(parts)) when they refuse about 1 % of their own kind; the network that only classifies names "
      + "\(Markdown.number((fooled?.mean ?? .nan) * 100, 0)) % of them with 99 % confidence or more."
  }

  // ── The text ──

  private var text: String {
    """
    ## Pictures

    \(names.pictures), each class as often; the same recipe for every number of pictures (`study.yaml` has them), small networks
    trained for minutes at most, none of which is told that a shifted picture is the same picture. `flow`, `autoregressive` and
    `mixture` are models of P(picture | class) that classify by Bayes's rule, `discriminative` is a network for P(class | picture).
    \(plan.tested) test pictures; up to \(plan.repeatedUpTo) training pictures were chosen \(plan.repeats) times. Standard errors are the larger of what choices and what
    test pictures tell. *Noisy*: normal noise of \(Int(plan.noise)) grey levels, in test pictures alone. *Half missing*: the lower half is summed
    over, exactly, by the models that can (`flow` cannot); the network is shown the mean training picture there.
    *Strangers*: \(Markdown.number(plan.strangers * 100, 0)) % of the training pictures are \(names.strangers.isEmpty ? "of no class" : names.strangers) with labels at random.

    ![errors by number of pictures](pictures.png)

    Wrong (%), as they are:

    \(Markdown.table(sizeTable(.clean)))

    Noisy:

    \(Markdown.table(sizeTable(.noisy)))

    Half missing:

    \(Markdown.table(sizeTable(.half)))
    \(contaminatedText)\(committedText)
    ### Abstention

    A model that may stay silent should be wrong less often the less it says. The charts show the share of wrong answers among those
    given, the surest first.\(hasStrangers ? " In the mixed ones half of the pictures are strangers, on which every answer is wrong: "
      + "sure is who has a high posterior, or, *by typicality*, on what a density finds usual." : "")

    ![risk by coverage](abstention.png)

    \(Markdown.table(confidenceTable))
    """
  }

  private func sizeTable(_ condition: PictureCondition) -> [[String]] {
    let learners = figures.learners.filter { name in
      figures.sizes.contains { figures.error(name, $0, condition) != nil }
    }
    return [["pictures"] + learners]
      + figures.sizes.map { size in
        [Markdown.grouped(size)] + learners.map { Markdown.percent(figures.error($0, size, condition)) }
      }
  }

  private var contaminatedText: String {
    guard !figures.contaminatedSizes.isEmpty else { return "" }
    let rows =
      [["pictures"] + figures.learners]
      + figures.contaminatedSizes.map { size in
        [Markdown.grouped(size)] + figures.learners.map { Markdown.percent(figures.harm($0, size)) }
      }
    return """

      How many points more are wrong with strangers among the training pictures:

      \(Markdown.table(rows))

      """
  }

  private var committedText: String {
    guard !committed.runs.isEmpty else { return "" }
    let rows =
      [["model", "as they are", "noisy", "half missing", "≥ 99 % sure and wrong"]]
      + committed.runs.map { run in
        [run.learner]
          + [PictureCondition.clean, .noisy, .half].map { Markdown.percent(run.answers[$0]?.error) }
          + [Markdown.percent(run.answers[.clean]?.confidentErrors(Self.sure))]
      }
    return """

      The committed models of class-image are the same kinds, larger, and learned from all pictures for up to 40 minutes. Wrong (%):

      \(Markdown.table(rows))

      """
  }

  private var confidenceTable: [[String]] {
    let strange = hasStrangers ? ["strangers ≥ 99 % sure", "refused, own", "refused, strangers"] : []
    let header = [
      "pictures", "learner", "wrong", "wrong, ≥ 99 % sure", "log loss, nats", "wrong at half coverage",
    ]
    return [header + strange]
      + shownSizes.flatMap { size in
        figures.learners.filter { !figures.some($0, size).isEmpty }.map { name in
          func share(_ value: (PictureRun) -> PictureFigures.Figure?) -> String {
            Markdown.percent(figures.figure(name, size, value))
          }
          let loss = figures.figure(name, size) { $0.answers[.clean]?.meanLoss }
          let half = figures.figure(name, size) { run in
            run.answers[.clean].map { answers in
              (
                Abstention.risk(
                  scores: answers.confidence, isRight: answers.isRight, coverages: [0.5])[0], 0
              )
            }
          }
          let cells = [
            Markdown.grouped(size), name, share { $0.answers[.clean]?.error },
            share { $0.answers[.clean]?.confidentErrors(Self.sure) },
            loss.map { "\(Markdown.number($0.mean, 2)) ± \(Markdown.number($0.standardError, 2))" } ?? "–",
            half.map { Markdown.number($0.mean * 100, 1) } ?? "–",
          ]
          let strange =
            hasStrangers
            ? [
              share { $0.answers[.strangers]?.confidentErrors(Self.sure) }, share { $0.refused(.clean) },
              share { $0.refused(.strangers) },
            ] : []
          return cells + strange
        }
      }
  }

  /// Two that tell the story: about a thousand pictures, and all.
  private var shownSizes: [Int] {
    let middle = figures.sizes.min { abs(log(Double($0) / 1000)) < abs(log(Double($1) / 1000)) }
    return Array(Set([middle, figures.sizes.last].compactMap { $0 })).sorted()
  }

  // ── The charts ──

  private static func colour(_ learner: String, _ place: Int) -> Int {
    learner == discriminative ? 1 : [0, 2, 5, 3, 4][place % 5]
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

  private var errorCharts: [LineChart] {
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
    guard !figures.contaminatedSizes.isEmpty else { return shown }
    return shown + [
      chart("strangers among the training pictures", figures.contaminatedSizes) {
        figures.error($0, $1, .clean, isContaminated: true)
      }
    ]
  }

  private static let coverages = (1...50).map { Double($0) / 50 }

  private var abstentionCharts: [LineChart] {
    func points(_ learner: String, _ size: Int, _ risk: (PictureRun) -> [Double]?) -> [LineChart.Point] {
      let all = figures.some(learner, size).compactMap(risk)
      guard !all.isEmpty else { return [] }
      return Self.coverages.indices.map { place in
        .init(
          Self.coverages[place] * 100, all.reduce(0) { $0 + $1[place] } / Double(all.count) * 100)
      }
    }
    return shownSizes.flatMap { size -> [LineChart] in
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
      guard hasStrangers else { return [plain] }
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
          "trained on \(name), mixed with strangers", horizontal: "answers given (%)",
          vertical: "wrong among them (%)", curves: byPosterior + byTypicality, range: 0...100),
      ]
    }
  }

  // ── The figures ──

  private var csv: [[String]] {
    func row(
      _ learner: String, _ size: Int, _ name: String, _ figure: PictureFigures.Figure?, isContaminated: Bool
    )
      -> [String]?
    {
      figure.map {
        [
          "pictures", isContaminated ? "strangers among the training pictures" : "clean training pictures",
          learner, "\(size)", name, Markdown.number($0.mean, 5), Markdown.number($0.standardError, 5),
        ]
      }
    }
    let values: [(name: String, value: (PictureRun) -> PictureFigures.Figure?)] =
      PictureCondition.allCases.filter { $0 != .strangers }.map { condition in
        ("error, \(condition.rawValue)", { $0.answers[condition]?.error })
      } + [
        ("wrong and 99 % sure", { $0.answers[.clean]?.confidentErrors(Self.sure) }),
        ("log loss", { $0.answers[.clean]?.meanLoss }),
        ("strangers 99 % sure", { $0.answers[.strangers]?.confidentErrors(Self.sure) }),
        ("own refused", { $0.refused(.clean) }), ("strangers refused", { $0.refused(.strangers) }),
      ]
    return figures.learners.flatMap { learner in
      [(figures.sizes, false), (figures.contaminatedSizes, true)].flatMap { sizes, isContaminated in
        sizes.flatMap { size in
          values.compactMap { name, value in
            row(
              learner, size, name,
              figures.figure(learner, size, isContaminated: isContaminated, value),
              isContaminated: isContaminated)
          }
        }
      }
    }
  }
}
