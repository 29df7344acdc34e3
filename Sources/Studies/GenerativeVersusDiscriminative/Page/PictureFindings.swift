/// What the pictures say, in a sentence each.
struct PictureFindings {
  let figures: PictureFigures
  /// What the strangers are called.
  let strangers: String

  var sentences: [String] {
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
      guard let best = best(size, condition),
        let other = figures.error(PictureFigures.discriminative, size, condition)
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
      guard let other = figure(PictureFigures.discriminative, size) else { continue }
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
    figures.figure(learner, size) { $0.answers[.clean]?.confidentErrors(PictureFigures.sure) }
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
    guard figures.hasStrangers, let size = figures.sizes.last else { return nil }
    let parts = figures.generative.compactMap { name in
      figures.figure(name, size) { $0.refused(.strangers) }
        .map { "\(name) \(Markdown.number($0.mean * 100, 0)) %" }
    }
    let fooled = figures.figure(PictureFigures.discriminative, size) {
      $0.answers[.strangers]?.confidentErrors(PictureFigures.sure)
    }
    return
      "**What only a density can do:** of strangers (\(strangers)), the models trained on \(Markdown.grouped(size)) pictures refuse "
      + "\(Markdown.list(parts)) when they refuse about 1 % of their own kind; the network that only classifies names "
      + "\(Markdown.number((fooled?.mean ?? .nan) * 100, 0)) % of them with 99 % confidence or more."
  }
}
