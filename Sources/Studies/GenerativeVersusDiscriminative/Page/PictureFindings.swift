/// What the pictures say, in a sentence each.
struct PictureFindings {
  let figures: PictureFigures
  let plan: PictureSettings.Plan
  /// What the strangers are called.
  let strangers: String

  var sentences: [String] {
    (canCompare ? [sizes, half, noise, outliers, confidence] : [noise]).compactMap { $0 }
      + [strange].compactMap { $0 }
  }

  private var canCompare: Bool {
    !figures.generative.isEmpty && figures.learners.contains(PictureFigures.discriminative)
  }

  private typealias Measure = (_ learner: String, _ size: Int) -> PictureFigures.Figure?

  /// Each generative learner beside the discriminative one: at which sizes its figure is surely larger or smaller.
  private func comparison(_ sizes: [Int], _ larger: String, _ smaller: String, _ figure: Measure) -> String {
    figures.generative.compactMap { name in
      var (above, below, asked): ([String], [String], Int) = ([], [], 0)
      for size in sizes {
        guard let own = figure(name, size), let other = figure(PictureFigures.discriminative, size) else {
          continue
        }
        asked += 1
        let difference = PictureFigures.difference(own, other)
        guard abs(difference.mean) > 2 * difference.standardError else { continue }
        if difference.mean > 0 {
          above.append(Markdown.grouped(size))
        } else {
          below.append(Markdown.grouped(size))
        }
      }
      guard asked > 0 else { return nil }
      let parts = [(smaller, below), (larger, above)].filter { !$0.1.isEmpty }.map { word, sizes in
        sizes.count == asked
          ? "\(word) with every number that it was trained on" : "\(word) with \(Markdown.list(sizes))"
      }
      return "`\(name)` \(parts.isEmpty ? "nowhere surely different" : parts.joined(separator: " and "))"
    }.joined(separator: "; ")
  }

  private func errors(_ condition: PictureCondition) -> String {
    comparison(figures.sizes, "more often", "less often") { figures.error($0, $1, condition) }
  }

  private var sizes: String {
    "**Pictures, as they are.** By the number of training pictures, surely wrong more or less often than the network that only "
      + "classifies: \(errors(.clean))."
  }

  private var half: String? {
    let compared = errors(.half)
    return compared.isEmpty ? nil : "**The lower half missing.** Likewise: \(compared)."
  }

  private var noise: String? {
    guard let size = figures.sizes.last else { return nil }
    let parts = figures.learners.compactMap { name in
      figures.error(name, size, .noisy).map { "`\(name)` \(Markdown.number($0.mean * 100, 0)) %" }
    }
    return
      "**Noise** that no training picture had. Wrong answers of those trained on \(Markdown.grouped(size)) pictures: "
      + "\(Markdown.list(parts))."
  }

  private var outliers: String? {
    let sizes = figures.contaminatedSizes
    guard !sizes.isEmpty else { return nil }
    let share = Markdown.number(plan.strangers * 100, 0)
    return "**“Generative models suffer from outliers.”** With \(share) % strangers among "
      + "\(Markdown.list(sizes.map(Markdown.grouped))) training pictures the share of wrong answers grows surely more or less than "
      + "that of the network that only classifies: \(comparison(sizes, "more", "less") { figures.harm($0, $1) })."
  }

  private var confidence: String {
    let compared = comparison(figures.sizes, "more often", "less often") { name, size in
      figures.figure(name, size) { $0.answers[.clean]?.confidentErrors(PictureFigures.sure) }
    }
    return
      "**“Discriminative models make confident errors.”** Wrong with 99 % confidence or more, surely more or less often "
      + "than the network that only classifies: \(compared)."
  }

  private var strange: String? {
    guard figures.hasStrangers, let size = figures.sizes.last else { return nil }
    let refused = figures.generative.compactMap { name in
      figures.figure(name, size) { $0.refused(.strangers) }
        .map { "`\(name)` \(Markdown.number($0.mean * 100, 0)) %" }
    }
    let fooled = figures.learners.compactMap { name in
      figures.figure(name, size) { $0.answers[.strangers]?.confidentErrors(PictureFigures.sure) }
        .map { "`\(name)` \(Markdown.number($0.mean * 100, 0)) %" }
    }
    return
      "**Strangers** (\(strangers)), shown to those trained on \(Markdown.grouped(size)) pictures. Refused for their density, "
      + "by a rule that refuses about 1 % of the model's own kind: \(Markdown.list(refused)). Given a class with 99 % confidence or "
      + "more, where nobody asks for a density: \(Markdown.list(fooled))."
  }
}
