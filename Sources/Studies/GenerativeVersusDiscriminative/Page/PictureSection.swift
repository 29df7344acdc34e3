internal import Charts
internal import Foundation

/// Models of pictures, by the number of pictures that they were trained on.
struct PictureSection {
  private let figures: PictureFigures
  private let committed: PictureFigures
  private let plan: PictureSettings.Plan
  /// Of the learner that sees the most pictures.
  private let longest: PictureSettings.Length?
  private let names: (pictures: String, strangers: String)

  init(page: StudyPage) {
    figures = PictureFigures(runs: page.runs)
    committed = PictureFigures(runs: page.committed)
    plan = page.settings.plan
    longest = page.settings.learners.map(\.length).filter { $0.epochs > 0 }
      .max { $0.mostSteps * $0.picturesPerStep < $1.mostSteps * $1.picturesPerStep }
    names = page.names
  }

  var section: StudyPage.Section {
    StudyPage.Section(
      findings: PictureFindings(figures: figures, plan: plan, strangers: names.strangers).sentences,
      text: text,
      charts: [
        ("pictures", ChartSheet(PictureCharts(figures: figures).errors, columns: 2, width: 440)),
        ("abstention", ChartSheet(PictureCharts(figures: figures).abstention, columns: 2, width: 440)),
      ], figures: csv)
  }

  // ── The text ──

  private var text: String {
    """
    ## Pictures

    \(names.pictures), each class as often; the same recipe for every number of pictures (`study.yaml` has them), small networks
    trained for minutes at most, none of which is told that a shifted picture is the same picture. `flow`, `autoregressive` and
    `mixture` are models of P(picture | class) that classify by Bayes's rule, `discriminative` is a network for P(class | picture).
    \(Markdown.grouped(plan.tested)) test pictures. Up to \(Markdown.grouped(plan.repeatedUpTo)) training pictures are chosen \(plan.repeats) times over, more of them once. Standard errors are of test pictures and of
    choices; with one choice they say nothing of how another training would have ended, and *sure* is only about the test pictures.
    \(lengthText) *Noisy*: normal noise of \(Int(plan.noise)) grey levels, in test pictures alone. *Half missing*: the lower half is summed
    over, exactly, by the models that can (`flow` cannot); the network is shown the mean training picture there.
    \(strangersText)

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
    given, the surest first. A line is level where so many posteriors are 1 to the last digit that they rank nothing.\(figures.hasStrangers ? " In the mixed ones half of the pictures are strangers, on which every answer is wrong: "
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

  private var lengthText: String {
    guard let length = longest else { return "" }
    let seen = length.mostSteps * length.picturesPerStep
    return
      "Trainings show each picture \(Int(length.epochs)) times within limits, at most \(Markdown.grouped(seen)) pictures in all: beyond "
      + "\(Markdown.rough(Double(seen) / length.epochs)) training pictures they do not get longer, and the right end of the charts is no asymptote."
  }

  private var strangersText: String {
    guard figures.hasStrangers else {
      return "There are no pictures of no class; `--foreign` names some."
    }
    guard !figures.contaminatedSizes.isEmpty else {
      return "*Strangers* are from \(names.strangers), of no class."
    }
    return
      "*Strangers*: \(Markdown.number(plan.strangers * 100, 0)) % of the training pictures are from \(names.strangers), of no class, "
      + "with labels at random."
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
          + [Markdown.percent(run.answers[.clean]?.confidentErrors(PictureFigures.sure))]
      }
    return """

      The committed models of class-image are of the same kinds, larger, and learned for longer, as their model card says. Wrong (%):

      \(Markdown.table(rows))

      """
  }

  private var confidenceTable: [[String]] {
    let strange = figures.hasStrangers ? ["strangers ≥ 99 % sure", "refused, own", "refused, strangers"] : []
    let header = [
      "pictures", "learner", "wrong", "wrong, ≥ 99 % sure", "log loss, nats", "wrong at half coverage",
    ]
    return [header + strange]
      + figures.shownSizes.flatMap { size in
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
            share { $0.answers[.clean]?.confidentErrors(PictureFigures.sure) },
            loss.map { "\(Markdown.number($0.mean, 2)) ± \(Markdown.number($0.standardError, 2))" } ?? "–",
            half.map { Markdown.number($0.mean * 100, 1) } ?? "–",
          ]
          let strange =
            figures.hasStrangers
            ? [
              share { $0.answers[.strangers]?.confidentErrors(PictureFigures.sure) },
              share { $0.refused(.clean) },
              share { $0.refused(.strangers) },
            ] : []
          return cells + strange
        }
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
        ("wrong and 99 % sure", { $0.answers[.clean]?.confidentErrors(PictureFigures.sure) }),
        ("log loss", { $0.answers[.clean]?.meanLoss }),
        ("strangers 99 % sure", { $0.answers[.strangers]?.confidentErrors(PictureFigures.sure) }),
        ("own refused", { $0.refused(.clean) }), ("strangers refused", { $0.refused(.strangers) }),
      ]
    let harm = figures.learners.flatMap { learner in
      figures.contaminatedSizes.compactMap {
        row(learner, $0, "harm of strangers", figures.harm(learner, $0), isContaminated: true)
      }
    }
    let committed = committed.runs.flatMap { run in
      values.compactMap { name, value in
        value(run).map {
          [
            "pictures", "committed model", run.learner, "", name, Markdown.number($0.mean, 5),
            Markdown.number($0.standardError, 5),
          ]
        }
      }
    }
    return harm + committed
      + figures.learners.flatMap { learner in
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
